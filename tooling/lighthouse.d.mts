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

/**
 * Scores of a page as a phone gets it, by Lighthouse in the system's Chromium; about 10 s a run.
 * @param options `wanted`: no further run once performance has this (95); `runs`: most runs (3), of which the best counts
 */
export declare function lighthouseScores(
  url: string,
  options?: { readonly wanted?: number; readonly runs?: number },
): Promise<LighthouseScores>;
