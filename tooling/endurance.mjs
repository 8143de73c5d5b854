// How long tests of endurance run: `npm test` takes a part of them, `.ci/run` (BITGRAD_ENDURANCE=1) all. Software
// renderers take most of the time of a run for what has the same answer after 24 cycles as after 200.
/** Whether everything is to be run. */
export const endurance = process.env.BITGRAD_ENDURANCE === '1';
/** Cycles of creating and disposing on a GPU. */
export const cycles = endurance ? 200 : 24;
