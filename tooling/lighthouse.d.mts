/** What Lighthouse says of a page. */
export interface LighthouseScores {
  /** From 0 to 100. */
  readonly scores: Readonly<Record<'performance' | 'accessibility' | 'best-practices', number>>;
  /** The audits that cost points, in words. */
  readonly faults: readonly string[];
  /** Total Blocking Time on the simulated phone, in ms. */
  readonly blocking: number;
  /** The machine's benchmark index, and by how much its processor time was multiplied. */
  readonly machine: Readonly<Record<'index' | 'slowdown', number>>;
}

/** An event of Chromium's trace; times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  /** Its kind: X has a duration, M says something of its process or thread. */
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** Processor time of its thread in `dur`. */
  readonly tdur?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A trace whose tasks on pages' main threads last as long as they computed, with all that happened in them drawn together as much. */
export declare function computedAlone(events: readonly TraceEvent[]): TraceEvent[];

/**
 * Scores of a page as a phone gets it, by Lighthouse in the system's Chromium; about 10 s a run.
 * @param options `wanted`: no further run once performance has this (95); `runs`: most runs (3), of which the best counts
 */
export declare function lighthouseScores(
  url: string,
  options?: { readonly wanted?: number; readonly runs?: number },
): Promise<LighthouseScores>;
