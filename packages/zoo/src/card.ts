// What is known of a model: all figures are measured by scripts/add-model.ts, all words are of models/NAME/about.json.

/** Time of one inference. */
export interface Latency {
  readonly engine: string;
  readonly variant: string | null;
  readonly threads: number;
  /** Milliseconds: the median, and what 5 % and 95 % of the runs stayed below. */
  readonly medianMs: number;
  readonly p5Ms: number;
  readonly p95Ms: number;
}

/** A model card. */
export interface ModelCard {
  readonly name: string;
  /** In a sentence. */
  readonly title: string;
  /** Of the weights, and of what they were trained on. */
  readonly licence: string;
  readonly dataLicence: string;
  readonly intendedUse: string;
  readonly limits: readonly string[];
  /** Class names in the order of the outputs. */
  readonly labels: readonly string[];
  readonly input: { readonly shape: readonly number[]; readonly type: string };
  readonly training: {
    /** Gives these weights again, bit for bit on the same backend. */
    readonly command: string;
    readonly seed: number;
    readonly epochs: number;
    readonly images: number;
    readonly seconds: number;
    readonly backend: string;
  };
  readonly test: {
    /** What it was measured on, and by which command. */
    readonly data: string;
    readonly command: string;
    readonly images: number;
    readonly right: number;
    readonly accuracy: number;
    /** Right ones of the first images of the test set: by their number. */
    readonly first: Readonly<Record<string, number>>;
    /** Rows are the true classes, columns those that the model says. */
    readonly confusion: readonly (readonly number[])[];
  };
  readonly bytes: {
    readonly packed: number;
    /** Parameters in float32. */
    readonly float: number;
    readonly sha256: string;
  };
  /** One inference, on {@link machine}. */
  readonly latency: readonly Latency[];
  readonly machine: string;
}
