// What is known of a model: all figures are measured by scripts/add-model.ts, all words are of models/NAME/about.json.
import type { SoundSettings } from '@bitgrad/bits';

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

/** Of a model of sound. */
export interface SoundCard {
  /** How recordings become its input; the packed file has them as well. */
  readonly settings: SoundSettings;
  /** Words that it hears where nobody speaks, by the kind of synthesized sound: so many an hour. */
  readonly falseAccepts: {
    readonly command: string;
    /** Of each kind. */
    readonly minutes: number;
    readonly perHour: Readonly<Record<string, number>>;
  };
  /** A second of sound, the spectra of its frames and one answer, on the engines of the card: milliseconds. */
  readonly second: readonly { readonly engine: string; readonly medianMs: number }[];
  /** Accuracy of the same network, trained without the recordings of one speaker, on all of those; by speaker. */
  readonly speakers?: {
    readonly command: string;
    readonly accuracy: Readonly<Record<string, number>>;
    readonly mean: number;
  };
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
  /** Of a model that listens; of one that reads pictures there is none. */
  readonly sound?: SoundCard;
  /** One inference, on {@link machine}. */
  readonly latency: readonly Latency[];
  readonly machine: string;
}
