// Overflow bounds: how large a sum may become before its storage stops counting exactly.

/** Up to this magnitude int32 holds every integer, with both signs. */
export const exactInt32 = 2 ** 31 - 1;

/** Up to this magnitude float32 holds every integer. */
export const exactFloat32 = 2 ** 24;

/**
 * Largest magnitude of a dot product.
 * @param terms number of products, >= 0
 * @param inputMax largest magnitude of an input (1 for +-1, 255 for uint8)
 * @param weightMax largest magnitude of a weight (1 for +-1, 128 for int8)
 */
export const accumulatorBound = (terms: number, inputMax: number, weightMax: number): number =>
  terms * inputMax * weightMax;
