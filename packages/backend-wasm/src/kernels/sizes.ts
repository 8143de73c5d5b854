// Sizes of the scratch spaces of the assembly kernels.

/** Address tables of `convRows`: 2 tables of 40 addresses. */
export const CONV_TABLE_BYTES = 2 * 4 * 40;

/** Weight panels: `depth` rows for each 8 columns. */
export const panelBytes = (depth: number, columns: number): number => Math.ceil(columns / 8) * depth * 32;
