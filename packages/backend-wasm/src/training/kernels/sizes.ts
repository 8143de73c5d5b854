// Sizes of the scratch spaces of the assembly kernels.

/** Scratch of `convRows`: two tables of 40 addresses, and the 5 x 8 sums of a tile. */
export const ROWS_BYTES = 2 * 4 * 40 + 5 * 8 * 4;

/** Weight panels: `depth` rows for each 8 columns. */
export const panelBytes = (depth: number, columns: number): number => Math.ceil(columns / 8) * depth * 32;

/** Runs of `convRows` shorter than this are gathered into one. */
export const SHORT_RUN = 16;

/** What gathering adds to the scratch of `convRows`: 40 pixels of `depth` numbers. */
export const gatherBytes = (depth: number): number => 40 * depth * 4;
