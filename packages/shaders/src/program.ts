// What lowering a plan gives: buffers of 32-bit words and kernels over them, in execution order. An engine decides
// how kernels become dispatches or draws; it needs to know nothing about ops.

/** What a kernel reads: a buffer of the program, or a constant. Numbered `w0`, `w1` ... in its code. */
export type Ref = { readonly buffer: number } | { readonly constant: number };

/** How a product multiplies and adds: packed levels, 32-bit integers or float32 in the order of plan.ts. */
export type Arithmetic = 'xnor' | 'integer' | 'float';

/**
 * A matrix product out[m][n] = sum over k of tap(m, k, n) * weight(n, k). The kernel's code defines
 * - `fn tap(m: i32, k: i32, n: i32) -> u32`: the word, integer or float bits at k of output position m,
 * - `fn mac(acc, a: u32, b: u32)` and `mac4`: one step for one and for four output channels,
 * - `fn outcome(m: i32, n: i32, acc) -> u32`: what to store, or for `packs` the bit of the channel.
 * Operand 1 is the weight panel: 4 channels a vector, [ceil(n / 4)][k][4] words, padded with zeros.
 */
export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly arithmetic: Arithmetic;
  /** Output channels that share their taps: a power of two >= 4 or n when tiles may be used, else 1. */
  readonly shared: number;
  /** Where words k to k + 3, k a multiple of 4, are neighbours in operand 0: `fn tap4(m, k, n) -> vec4<u32>`, using `q0`. */
  readonly tap4?: string;
  /** The output is packed: `outcome` gives a bit. */
  readonly packs: boolean;
}

/** One dispatch or draw: writes every word of a buffer. */
export interface ShaderKernel {
  /** Index of the op in the plan. */
  readonly op: number;
  /** Ops of the plan that this kernel includes as well. */
  readonly fused: readonly number[];
  /** For the report. */
  readonly name: string;
  readonly reads: readonly Ref[];
  readonly write: number;
  /** Code in the kernel language; defines `fn word(i: i32) -> u32`, output word i, except for a product that packs. */
  readonly code: string;
  /** Words read for one output word by `word`, an estimate from above for the counts of the report. */
  readonly loads: number;
  readonly product?: Product;
}

/** A plan as kernels. */
export interface Program {
  /** Words of each buffer: those of the plan, then temporary ones. */
  readonly words: readonly number[];
  /** The buffer whose storage each buffer uses: itself, or that of the op whose result it renames. */
  readonly storage: readonly number[];
  readonly input: number;
  readonly output: number;
  readonly constants: readonly Uint32Array[];
  readonly kernels: readonly ShaderKernel[];
  /** Ops that need no kernel. */
  readonly renamed: readonly number[];
}
