// Opcodes of the program that the WebAssembly module runs, for both compilers: TypeScript for the host, AssemblyScript for
// the module. A family in the high bits, a kind in the low four. Enums, since bundlers inline them.

/** What a record of the program does. */
export enum Opcode {
  /** Matrix products: binary with one lookup a row or for two rows, integer, float. */
  productSingle = 0,
  productPaired,
  productInteger,
  productFloat,
  /** Ops whose output row depends on the same row of their inputs. */
  affineI32 = 16,
  affineF32,
  clamp,
  prelu,
  addF32,
  addI32,
  mulF32,
  sigmoid,
  tanh,
  gelu,
  widenBytes,
  quantize,
  widenLevels,
  thresholdI32,
  thresholdF32,
  /** An affine step, the sum with a shortcut, and a threshold: see fuse.ts. */
  residual,
  /** Sliding windows. */
  maxBits = 32,
  maxU8,
  maxI32,
  maxF32,
  meanI32,
  meanF32,
  depthwiseI32,
  depthwiseF32,
  /** Whole rows. */
  softmax = 48,
  layerNorm,
  copy = 64,
  panels = 80,
  border = 96,
}

/** Element kinds of `copy`; `fill` only as a source. */
export enum Element {
  bits,
  u8,
  i16,
  word,
  fill,
}
