// Opcodes of the program that the WebAssembly module runs: a family in the high bits, a kind in the low four.
// The kinds are the constants in assembly/engine/*.ts. Plain constants, so that bundlers inline them.

/** Matrix products: binary with one lookup a row or for two rows, integer, float. */
export const productSingle = 0;
export const productPaired = 1;
export const productInteger = 2;
export const productFloat = 3;

/** Ops whose output row depends on the same row of their inputs. */
export const affineI32 = 16;
export const affineF32 = 17;
export const clamp = 18;
export const prelu = 19;
export const addF32 = 20;
export const addI32 = 21;
export const mulF32 = 22;
export const sigmoid = 23;
export const tanh = 24;
export const gelu = 25;
export const widenBytes = 26;
export const quantize = 27;
export const widenLevels = 28;
export const thresholdI32 = 29;
export const thresholdF32 = 30;

/** Sliding windows. The maxima follow the order bits, u8, i32, f32. */
export const maximum = 32;
export const meanI32 = 36;
export const meanF32 = 37;
export const depthwiseI32 = 38;
export const depthwiseF32 = 39;

/** Whole rows. */
export const softmax = 48;
export const layerNorm = 49;

export const copy = 64;
export const panels = 80;
export const border = 96;

/** Element kinds of `copy`; `fill` only as a source. */
export const element = { bits: 0, u8: 1, i16: 2, i32: 3, f32: 3, fill: 4 } as const;
