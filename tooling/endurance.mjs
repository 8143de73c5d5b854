// How much of a test runs: some of it by `npm test`, more by `.ci/run` (BITGRAD_ENDURANCE=1), all of it with BITGRAD_FULL=1. The
// one reader of both. Software renderers take most of the time of a run for what has the same answer after 24 cycles as after 200.

/**
 * What of its amounts this run takes: numbers of cases, kinds of effort, whether to run at all.
 * @template T
 * @param {{ test: T, ci?: T, full?: T, variable?: string }} amounts `test`: of `npm test`; `ci`: of `.ci/run`, default that of
 *   `test`; `full`: with BITGRAD_FULL=1, default that of `ci`; `variable`: of the environment, with a whole number from 1 in
 *   place of them all
 * @returns {T}
 * @throws Error when the variable holds anything else: a count of NaN would run nothing, and pass
 */
export const amount = ({ test, ci = test, full = ci, variable }) => {
  const { BITGRAD_FULL, BITGRAD_ENDURANCE, [variable ?? '']: given } = process.env;
  if (given) {
    if (!/^[1-9]\d*$/.test(given))
      throw new Error(`${variable}: got "${given}", expected a whole number from 1`);
    return Number(given);
  }
  if (BITGRAD_FULL === '1') return full;
  return BITGRAD_ENDURANCE === '1' ? ci : test;
};

/** Whether what takes very long runs too. */
export const full = amount({ test: false, full: true });
/** Whether files of long tests run that nobody has named. */
export const long = amount({ test: false, ci: true });
/** Cycles of creating and disposing on a GPU. */
export const cycles = amount({ test: 24, ci: 200 });
