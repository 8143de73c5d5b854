// Samples in 16 bits, as recordings have them.

/**
 * The nearest integer from -32768 to 32767; NaN is 0.
 * @param value on that scale: a float sample of 1 is 32768
 */
export const toInt16 = (value: number): number => Math.max(-32768, Math.min(32767, Math.round(value) || 0));
