// The execution plan: a plain-data, JSON-safe list of ops over numbered buffers. This file is the contract
// between the compiler (which writes plans), the file format (which stores them) and the engines (which run
// them). It states the arithmetic of every op exactly, so that two engines that follow it agree bit for bit.
// It owns no behaviour: checks are in validate/, the reference implementation in js-engine/.

/**
 * Element types of buffers and weights.
 *
 * | type   | stands for                         | stored as                                             |
 * |--------|------------------------------------|-------------------------------------------------------|
 * | `bits` | the levels +1 (bit 0), -1 (bit 1)  | rows of the last axis, packed in 32-bit words (@bitgrad/bits layout); unused high bits of a row's last word are 0 |
 * | `u8`   | integers 0..255                    | Uint8Array                                            |
 * | `i8`   | integers -128..127 (weights only)  | Int8Array                                             |
 * | `i32`  | integers, two's complement         | Int32Array                                            |
 * | `f32`  | IEEE-754 binary32                  | Float32Array                                          |
 */
export type ElementType = 'bits' | 'u8' | 'i8' | 'i32' | 'f32';

/**
 * Sizes of the axes, 1 to 4 of them, each >= 1, row-major. There is no batch axis: a plan describes one
 * example, and `Executable.run` repeats it. Images are [height, width, channels] (NHWC without N), vectors
 * [channels], token sequences [tokens, channels]. "Channels" below always means the last axis, and a "row"
 * the elements along it; the number of rows is the product of the other axes (1 for a vector).
 */
export type Shape = readonly number[];

/** A numbered value of the plan. Each buffer is written by exactly one op (or is the input), before any op reads it. */
export interface BufferSpec {
  type: Exclude<ElementType, 'i8'>;
  shape: Shape;
}

/** A constant tensor; its data is `PackedModel.weights[index]`, a typed array of the type's storage. */
export interface WeightSpec {
  type: ElementType;
  shape: Shape;
}

/** Typed arrays that hold weights and buffers: Uint32Array for `bits`, else as in {@link ElementType}. */
export type TensorData = Uint32Array | Uint8Array | Int8Array | Int32Array | Float32Array;

/**
 * A whole network.
 *
 * Invariants (checked by `validatePlan`): `ops` are in execution order; every buffer other than `input` is
 * the `output` of exactly one op, and no op writes `input`; an op's inputs were written before; `output` is
 * written. `input` has type `u8` or `f32`, `output` `f32` or `i32`. Where a buffer lives in memory is the
 * engine's business; an engine may fuse, reorder or skip ops as long as the value of `output` is unchanged.
 */
export interface Plan {
  /** Version of the op semantics in this file: {@link planVersion}. */
  version: number;
  input: number;
  output: number;
  buffers: readonly BufferSpec[];
  weights: readonly WeightSpec[];
  ops: readonly Op[];
}

/** The version of the semantics stated here. A new op or attribute raises it; old plans keep their meaning. */
export const planVersion = 1;

/** What every op has. `name` is the layer it came from, for reports and errors; it has no effect. */
interface OpBase<Name extends string> {
  op: Name;
  name?: string;
  /** Buffers read. */
  inputs: readonly number[];
  /** Weights read, in the order that the op documents. */
  weights?: readonly number[];
  /** The buffer written. */
  output: number;
}

/**
 * A sliding window over [h, w, c]. Output position (y, x) covers input positions
 * (y * strides[0] - pads[0] + i * dilations[0], x * strides[1] - pads[1] + j * dilations[1])
 * for 0 <= i < kernel[0], 0 <= j < kernel[1]; those outside the input are *padded taps*.
 * Output height = floor((h + pads[0] + pads[2] - (kernel[0] - 1) * dilations[0] - 1) / strides[0]) + 1 >= 1,
 * and width alike.
 */
export interface Window {
  /** [height, width], >= 1, height * width <= 2^20. */
  kernel: readonly [number, number];
  /** [vertical, horizontal], >= 1. */
  strides: readonly [number, number];
  /** [vertical, horizontal], >= 1; 1 is a dense window. */
  dilations: readonly [number, number];
  /** [top, left, bottom, right], >= 0, each less than the dilated extent of the kernel on that axis. */
  pads: readonly [number, number, number, number];
}

/**
 * How padded taps and integer accumulators work, for {@link ConvOp} and {@link DepthwiseOp}.
 *
 * **Integer inputs** (`bits` as +-1, `u8`) with integer weights (`bits` as +-1, `i8`) give `i32`, exactly:
 *
 *     acc = (sum over real taps of a * w) * 2^shift  +  padValue * (sum over padded taps of w)
 *
 * With input `bits`, shift is 0 and padValue is +1, 0 or -1: +1 is one-padding, 0 is exact zero-padding
 * (padded taps count for nothing), -1 pads a {0,1} activation coded as +-1 with its zero. With input `u8`,
 * shift is 0..8 and padValue an integer of magnitude <= 65535: the byte value (times 2^shift) that stands for
 * a normalized 0, so that x/127.5-1 pads with shift 1, padValue 255, exactly. The largest possible |acc| must
 * be below 2^31 (checked), so wrap-around cannot happen.
 *
 * **`f32` inputs** with weights of type `bits` (+-1), `i8` or `f32` give `f32`: shift and padValue are 0, and
 *
 *     acc = +0;  for i, for j, for c (in this nesting, ascending):  acc = fround(acc + fround(a * w))
 *
 * skipping padded taps. One rounding for each product (exact for +-1) and one for each sum, no fused
 * multiply-add, no reassociation. Lanes are output channels, so SIMD can follow this order. Weights of `conv`,
 * `depthwise` and `dense` are finite (checked), so adding a padded tap as 0 * w changes nothing.
 */
interface PaddedAccumulation {
  /** Value of a padded tap; see the formula. */
  padValue: number;
  /** Left shift of the sum over real taps; see the formula. */
  shift: number;
}

/**
 * 2-D convolution (cross-correlation). inputs: [x: `bits` | `u8` | `f32`, [h, w, cIn]];
 * weights: [w, [cOut, kernelH, kernelW, cIn / groups]] (OHWI); output: [outH, outW, cOut], `i32` for integer
 * inputs, `f32` for `f32`. Integer inputs take `bits` or `i8` weights.
 * Output channel o belongs to group floor(o / (cOut / groups)) and sees input channels
 * [group * cIn / groups, (group + 1) * cIn / groups). No bias: follow with `affine` or `threshold`.
 */
export interface ConvOp extends OpBase<'conv'>, Window, PaddedAccumulation {
  weights: readonly [number];
  /** Divides cIn and cOut; 1 is an ordinary convolution. For one input channel a group use {@link DepthwiseOp}. */
  groups: number;
}

/**
 * Depthwise 2-D convolution. inputs: [x, [h, w, c]]; weights: [w, [kernelH, kernelW, c * multiplier]];
 * output: [outH, outW, c * multiplier]; output channel q reads input channel floor(q / multiplier).
 * Types and arithmetic as in {@link ConvOp}, the channel loop having one step.
 */
export interface DepthwiseOp extends OpBase<'depthwise'>, Window, PaddedAccumulation {
  weights: readonly [number];
  multiplier: number;
}

/**
 * Fully connected layer on each row. inputs: [x, [..., k]]; weights: [w, [units, k]]; output: [..., units].
 * Types as in {@link ConvOp}: integers give acc = sum a * w as `i32`; `f32` gives
 * acc = +0, then acc = fround(acc + fround(x[i] * w[i])) for i = 0..k-1.
 */
export interface DenseOp extends OpBase<'dense'> {
  weights: readonly [number];
}

/**
 * Matrix product of two buffers. inputs: [a: [..., m, k], b: [..., k, n], or [..., n, k] with transposeB];
 * equal leading axes; output: [..., m, n]. Both `f32` -> `f32`, accumulated over k as in {@link DenseOp};
 * both `bits` (transposeB only) -> `i32`, exact.
 */
export interface MatmulOp extends OpBase<'matmul'> {
  transposeB: boolean;
}

/**
 * A binary decision for each element with a threshold for each channel. inputs: [x, any type, [..., c]];
 * weights: [t: [c], `f32` if x is `f32`, else `i32`; flip: `bits` [c]]; output: `bits`, same shape.
 *
 *     bit = (x < t[c] ? 1 : 0) XOR flip[c]          (x of type `bits` counts as its level, +1 or -1)
 *
 * So flip 0 gives +1 iff x >= t. t = -2^31 with flip 0 / 1 is the constant +1 / -1. NaN compares as not less.
 */
export interface ThresholdOp extends OpBase<'threshold'> {
  weights: readonly [number, number];
}

/**
 * Scale and bias for each channel: BatchNorm, scaling factors, input normalization, dequantization; with
 * scale 1 and bias 0 the conversion of any type to `f32`. inputs: [x, any type, [..., c]];
 * weights: [scale: `f32` [c], bias: `f32` [c]]; output: `f32`, same shape:
 *
 *     y = fround(fround(fround(x) * scale[c]) + bias[c])
 *
 * fround(x) rounds an `i32` to the nearest float32, ties to even (exact up to 2^24).
 */
export interface AffineOp extends OpBase<'affine'> {
  weights: readonly [number, number];
}

/**
 * A step function with any levels: ternary, k-bit and scaled quantizers of activations. inputs: [x: `f32`];
 * weights: [t: `f32` [n], nondecreasing, n >= 1; level: `f32` [n + 1]]; output: `f32`, same shape:
 * y = level[number of t that are <= x]. NaN gives level[0].
 */
export interface QuantizeOp extends OpBase<'quantize'> {
  weights: readonly [number, number];
}

/** y = x < min ? min : x > max ? max : x (NaN and -0 pass). `f32` -> `f32`. relu is min 0, max null (no bound). */
export interface ClampOp extends OpBase<'clamp'> {
  /** Lower bound, rounded to float32, or null for none. */
  min: number | null;
  /** Upper bound, rounded to float32, or null for none; >= min. */
  max: number | null;
}

/**
 * PReLU between two shifts (ReActNet's RPReLU; plain PReLU with shifts 0). inputs: [x: `f32` [..., c]];
 * weights: [before, slope, after: `f32` [c]]; output `f32`:
 * t = fround(x + before[c]);  u = t >= 0 ? t : fround(t * slope[c]);  y = fround(u + after[c]).
 */
export interface PreluOp extends OpBase<'prelu'> {
  weights: readonly [number, number, number];
}

/**
 * A smooth function of each element, `f32` -> `f32`, every step below rounded to float32 (fround), so engines
 * agree bit for bit. `exp32` is the exponential defined in js-engine/math.ts.
 * - `sigmoid`: e = exp32(-|x|);  y = x >= 0 ? 1 / (1 + e) : e / (1 + e)
 * - `tanh`: e = exp32(-2 |x|);  m = (1 - e) / (1 + e);  y = x < 0 ? -m : m
 * - `gelu`: y = (0.5 * x) * (1 + erf32(x * 0.70710678)), erf32 in js-engine/math.ts
 */
export interface UnaryOp extends OpBase<'unary'> {
  function: 'sigmoid' | 'tanh' | 'gelu';
}

/**
 * Sum. inputs: [a, b], both `f32` (y = fround(a + b)) or both `i32` (y = (a + b) mod 2^32, two's complement);
 * b has a's shape, or is one row: all axes 1 but the last, which equals a's; then it is added to every row.
 */
export type AddOp = OpBase<'add'>;

/** Product, `f32` only: y = fround(a * b); shapes as in {@link AddOp}. */
export type MulOp = OpBase<'mul'>;

/**
 * Maximum over a window. inputs: [x: any type, [h, w, c]]; output: same type, [outH, outW, c]. Padded taps
 * are ignored; every window has a real tap, since pads are smaller than the window (dilations are 1). On
 * `bits` the maximum is +1 if any tap is: the AND of the stored bits. `f32`: m = first real tap, then
 * m = v > m ? v : m over real taps in row-major order.
 */
export interface MaxPoolOp extends OpBase<'maxPool'>, Window {}

/**
 * Mean over a window's real taps. inputs: [x: any type, [h, w, c]]; output: `f32` [outH, outW, c].
 * n = number of real taps. Integers: y = fround(fround(sum) / n), the sum taken mod 2^32 (two's complement). `f32`: s = +0, then s = fround(s + v)
 * over real taps in row-major order, y = fround(s / n). kernel = [h, w] is global average pooling.
 * Dilations are 1, pads smaller than the window.
 */
export interface AvgPoolOp extends OpBase<'avgPool'>, Window {}

/** Joins 2 to 64 inputs of one type along `axis` (0-based); the other axes are equal. */
export interface ConcatOp extends OpBase<'concat'> {
  axis: number;
}

/** Extends each axis by `before` / `after` elements equal to `value` (`bits`: +1 or -1; integers in the type's range). */
export interface PadOp extends OpBase<'pad'> {
  before: readonly number[];
  after: readonly number[];
  value: number;
}

/** The elements from `begin` on, as many as the output's shape has; one entry for each axis. */
export interface SliceOp extends OpBase<'slice'> {
  begin: readonly number[];
}

/** The same elements in the same row-major order under another shape; `bits` rows are packed anew. */
export type ReshapeOp = OpBase<'reshape'>;

/** Output axis i is input axis permutation[i]. */
export interface TransposeOp extends OpBase<'transpose'> {
  permutation: readonly number[];
}

/**
 * Softmax of each row, `f32`. m = maximum (as in {@link MaxPoolOp}); e[i] = exp32(fround(x[i] - m));
 * s = +0, then s = fround(s + e[i]) in order; y[i] = fround(e[i] / s).
 */
export type SoftmaxOp = OpBase<'softmax'>;

/**
 * Layer normalization of each row, `f32`. weights: [gamma, beta: `f32` [c]]. With sequential float32 sums from +0:
 * mean = fround(sum x / c); d = fround(x - mean); v = fround(sum fround(d * d) / c);
 * r = fround(1 / fround(sqrt(fround(v + epsilon)))); y = fround(fround(fround(d * r) * gamma) + beta).
 */
export interface LayerNormOp extends OpBase<'layerNorm'> {
  weights: readonly [number, number];
  /** > 0, rounded to float32. */
  epsilon: number;
}

/** Copies weights[0] (any type but `i8`) into the output: position embeddings, class tokens. No inputs. */
export interface ConstantOp extends OpBase<'constant'> {
  weights: readonly [number];
}

/** Any op of a plan, told apart by `op`. */
export type Op =
  | AddOp
  | AffineOp
  | AvgPoolOp
  | ClampOp
  | ConcatOp
  | ConstantOp
  | ConvOp
  | DenseOp
  | DepthwiseOp
  | LayerNormOp
  | MatmulOp
  | MaxPoolOp
  | MulOp
  | PadOp
  | PreluOp
  | QuantizeOp
  | ReshapeOp
  | SliceOp
  | SoftmaxOp
  | ThresholdOp
  | TransposeOp
  | UnaryOp;

/** The name of an op. */
export type OpName = Op['op'];
