// How many threads a kernel is worth. What a unit of its work costs is measured as it runs; a kernel gets as many threads as
// leave each of them a share that is long against waking it. Results are the same for any number.

/** Milliseconds of a thread's share at least: several times what waking takes. */
const SHARE = 0.02;
/** Milliseconds that a unit of work is taken to cost before it was measured. */
const UNKNOWN = 1e-7;
/** The weight of a new measurement. */
const WEIGHT = 0.1;

/** What kernels are known to cost. */
export interface Worth {
  /** How many threads `work` units of a kernel are worth. */
  threads(kernel: string, work: number): number;
  /** Takes note of a run. */
  learn(kernel: string, work: number, threads: number, milliseconds: number): void;
}

/** @param most threads there are */
export function createWorth(most: number): Worth {
  const costs = new Map<string, number>();
  return {
    threads(kernel, work) {
      const share = (work * (costs.get(kernel) ?? UNKNOWN)) / SHARE;
      return Math.max(1, Math.min(most, Math.floor(share)));
    },
    learn(kernel, work, threads, milliseconds) {
      const cost = (milliseconds * threads) / Math.max(1, work);
      const known = costs.get(kernel);
      // A run that something else on the machine held up says little.
      costs.set(
        kernel,
        known === undefined ? cost : known + WEIGHT * (Math.min(cost, 4 * known + 1e-9) - known),
      );
    },
  };
}
