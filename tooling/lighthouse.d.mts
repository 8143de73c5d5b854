/** What Lighthouse says of a page. */
export interface LighthouseScores {
  /** From 0 to 100. */
  readonly scores: Readonly<Record<'performance' | 'accessibility' | 'best-practices', number>>;
  /** The audits that cost points, in words. */
  readonly faults: readonly string[];
  /**
   * What the machine was like: its benchmark index, which part of the tasks' time was processor time (0 to 1), and by how much
   * their time was multiplied.
   */
  readonly machine: Readonly<Record<'benchmarkIndex' | 'runningShare' | 'cpuSlowdownMultiplier', number>>;
}

/**
 * Scores of a page as a phone gets it, by Lighthouse in the system's Chromium; about 15 s a run.
 * @param options `wanted`: no further run once performance has this (95); `runs`: most runs (6), of which the best counts
 */
export declare function lighthouseScores(
  url: string,
  options?: { readonly wanted?: number; readonly runs?: number },
): Promise<LighthouseScores>;
