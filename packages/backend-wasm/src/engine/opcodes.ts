// Opcodes of the program that the WebAssembly module runs: a family in the high bits, a kind in the low four.
// The numbers are those of the constants in assembly/engine/*.ts.

/** Families, shifted into place. */
export const family = {
  product: 0,
  elementwise: 16,
  windows: 32,
  rows: 48,
  copy: 64,
  panels: 80,
  border: 96,
} as const;

/** Kinds of `product`. */
export const product = { single: 0, paired: 1, integer: 2, float: 3 } as const;

/** Kinds of `elementwise`. */
export const elementwise = {
  affineI32: 0,
  affineF32: 1,
  clamp: 2,
  prelu: 3,
  addF32: 4,
  addI32: 5,
  mulF32: 6,
  sigmoid: 7,
  tanh: 8,
  gelu: 9,
  bytes: 10,
  quantize: 11,
  levels: 12,
  thresholdI32: 13,
  thresholdF32: 14,
} as const;

/** Kinds of `windows`. */
export const windows = {
  max: { bits: 0, u8: 1, i32: 2, f32: 3 },
  meanI32: 4,
  meanF32: 5,
  depthwiseI32: 6,
  depthwiseF32: 7,
} as const;

/** Kinds of `rows`. */
export const rows = { softmax: 0, layerNorm: 1 } as const;

/** Element kinds of `copy`; `fill` only as a source. */
export const element = { bits: 0, u8: 1, i16: 2, i32: 3, f32: 3, fill: 4 } as const;
