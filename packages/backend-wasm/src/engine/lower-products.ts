// Lowers conv and dense to records of the module's matrix products.
import type { TensorData, Window } from '@bitgrad/runtime';
import { Opcode } from './opcodes.js';
import { copyTensor } from './lower-copy.js';
import { countLimits, paddedInitial, uniform, type Initial } from './padding.js';
import {
  claim,
  constant,
  constantData,
  emit,
  openGroup,
  pinned,
  viewAt,
  type Program,
  type Word,
  type Words,
} from './program.js';
import { blocksOf, countedSteps, packNibbles, packPanels, segmentsOf } from './segments.js';
import { rowsOf, tensor, unitBytes, type Border, type Tensor } from './tensors.js';
import { readElements, tapSums, type TapWeights } from './weights.js';
import { Mode, Product, RecordWords } from './words.js';

/** What padded taps and shifts mean; see PaddedAccumulation of @bitgrad/runtime, src/ops/accumulation.ts. */
interface Accumulation {
  padValue: number;
  shift: number;
}

/** A kernel of the module: its opcode, its name in reports, and the output channels of a panel of weights. */
export interface ProductKernel {
  opcode: Opcode;
  name: string;
  panel: number;
}

/** Up to so many output channels, one panel of 16 takes less time than one of 64; a module decides one only (`decideNarrow`). */
const fewChannels = 16;

/** The kernel for an input type and a number of output channels. */
export function kernelFor(
  { target: { simd, relaxed, narrow } }: Program,
  type: Tensor['type'],
  channels: number,
): ProductKernel {
  if (type === 'bits')
    return {
      opcode: relaxed ? Opcode.productSingle : Opcode.productPaired,
      name: !simd ? 'xnor-popcount' : relaxed ? 'xnor-lookup-relaxed' : 'xnor-lookup',
      panel: !simd ? 1 : narrow && channels <= fewChannels ? 16 : 64,
    };
  const panel = simd ? 16 : 1;
  return type === 'i16'
    ? { opcode: Opcode.productInteger, name: simd ? 'integer-dot' : 'integer', panel }
    : { opcode: Opcode.productFloat, name: 'float', panel };
}

/** Words of a product that {@link productWords} makes of constants. */
type Placed =
  Product.segments | Product.segmentsEnd | Product.initial | Product.rowClass | Product.columnClass;

/** Those that may be left out, which is 0. */
type Optional = Product.mode | Product.partRows | Product.partInput | Product.partOutput;

/** The words of a product's record, but for its views. */
export function productWords(
  program: Program,
  segments: Int32Array,
  initial: Initial | undefined,
  words: Record<Exclude<Product, Placed | Optional>, Word> & Words,
): Words {
  const at = constantData(program, segments);
  const placed = (part: Initial['table'] | undefined): number =>
    part ? constant(program, part.bytes, part.make) : 0;
  return {
    ...words,
    [Product.segments]: at,
    [Product.segmentsEnd]: at + segments.byteLength,
    [Product.initial]: placed(initial?.table),
    [Product.rowClass]: placed(initial?.rows),
    [Product.columnClass]: placed(initial?.columns),
  };
}

/** A threshold to apply to a product: t and flips, and the tensor of bits that it makes. */
interface Decision {
  t: TensorData;
  flips: TensorData;
  output: Tensor;
}

/** A view of the windows' first taps. */
function windowView(x: Tensor, out: Tensor, { strides, pads }: Window): Words {
  const from = -pads[0] * x.pitch - pads[1] * x.pixel;
  return viewAt(RecordWords.a, pinned(x, from), strides[1] * x.pixel, out.w, strides[0] * x.pitch);
}

/** The window of a dense layer. */
export const pointWindow: Window = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };

/** A convolution or fully connected layer: what {@link lowerConvolution} needs of it. */
export interface Convolution {
  /** OHWI weights as [cOut][taps][cIn / groups]. */
  w: TapWeights;
  /** Of the output. */
  shape: readonly number[];
  window: Window;
  padding: Accumulation;
  groups: number;
  /** Border that the output needs. */
  border: Border;
  /** The threshold that follows, if it is the only reader of the output. */
  decision?: Decision;
}

/** Start values of the sums, or the limits of a decision. */
function initialOf(
  x: Tensor,
  out: Tensor,
  { w, window, padding: { padValue }, decision }: Convolution,
): Initial | undefined {
  if (x.type === 'f32') return undefined;
  const bits = x.type === 'bits';
  const base = bits ? w.taps * w.length : 0;
  // The border of an image of levels is +1, that of integers 0.
  const factor = padValue - (bits ? 1 : 0);
  const initial =
    factor !== 0 && window.pads.some((p) => p > 0)
      ? paddedInitial(window, x, out, () => tapSums(w, out.c), base, factor)
      : uniform(out.c, base);
  return decision ? countLimits(initial, decision.t) : initial;
}

/**
 * Emits the product of the windows of `x` with constant weights.
 * @param x bits, i16 or f32, with a border at least as wide as the window's pads
 * @param out i32 or f32, or the bits of a decision
 * @returns the kernel's name
 */
function emitConvolution(program: Program, x: Tensor, out: Tensor, convolution: Convolution): string {
  const { w, window, padding, groups, decision } = convolution;
  const channels = out.c / groups;
  const { opcode, name, panel } = kernelFor(program, x.type, channels);
  const bits = x.type === 'bits';
  const group = openGroup(program, rowsOf(out), out.c, { divisible: groups === 1 });
  const shift = panel === 1 ? 4 : 0;
  // A segment is an object here and a word in memory.
  claim(program, w.taps * 64);
  const segments = segmentsOf(x, { ...window, channels: w.length }, groups === 1);
  const initial = initialOf(x, out, convolution);
  const flips = decision && constantData(program, decision.flips);
  blocksOf(segments, bits).forEach((block, index) => {
    const { bytes, make, length, panelBytes, groupBytes } = bits
      ? packNibbles(w.data as Uint32Array, w.taps, block, groups, channels, panel, shift)
      : packPanels(x.type as 'i16' | 'f32', block, groups, channels, panel, readElements(w));
    const offsets = Int32Array.from(block, (s) => s.offset);
    const words = productWords(program, offsets, initial, {
      [Product.weights]: constant(program, bytes, make),
      [Product.segmentLength]: length,
      [Product.channels]: channels,
      [Product.panelBytes]: panelBytes,
      [Product.mode]: decision ? Mode.decide : !bits ? padding.shift : index ? Mode.add : Mode.start,
      [Product.stepBytes]: flips ?? panel * 4,
      [Product.parts]: groups,
      [Product.partInput]: (w.length * unitBytes(x.type)) / (bits ? 4 : 1),
      [Product.partWeights]: groupBytes,
      [Product.partOutput]: channels * 4,
      [Product.panel]: panel,
    });
    emit(program, group, opcode, { ...windowView(x, out, window), ...words }, [x], out);
  });
  return name;
}

/** Bytes to add to rows whose last vector may reach past them: groups of channels that are no multiple of 4. */
const slack = (channels: number, groups: number): number => (groups > 1 && channels % 4 !== 0 ? 16 : 0);

/** What became of a convolution. */
export interface LoweredConvolution {
  output: Tensor;
  kernel: string;
  reason?: string;
  /** Whether `output` is that of the decision. */
  decided: boolean;
}

/** conv and dense; a dense layer is a convolution with a 1x1 window over its rows. */
export function lowerConvolution(program: Program, input: Tensor, given: Convolution): LoweredConvolution {
  const { w, shape, window, groups, border, decision } = given;
  const integer = input.type !== 'f32';
  const packed = input.type === 'bits' && w.type === 'bits';
  const outputs = shape[shape.length - 1]! / groups;
  // Groups of the binary kernel must start at whole bytes; and a second block would add to the group behind them as well
  // where theirs is no whole vector.
  const short = w.taps * Math.ceil(w.length / 4) <= countedSteps;
  const binary = packed && (groups === 1 || (w.length % 4 === 0 && (outputs % 4 === 0 || short)));
  const pads = window.pads as Border;
  const size = [input.h, input.w, input.c];
  let x = input;
  if (integer && !binary) x = copyTensor(program, input, tensor('i16', size, { border: pads, exact: true }));
  else if (pads.some((p, i) => p > input.border[i]!))
    x = copyTensor(program, input, tensor(input.type, size, { border: pads, exact: !integer }));
  // Counts are compared as signed 16-bit numbers.
  const decided =
    decision !== undefined && binary && groups === 1 && program.target.simd && w.taps * w.length < 32768;
  const extra = slack(outputs, groups);
  const output = decided ? decision.output : tensor(integer ? 'i32' : 'f32', shape, { border, extra });
  const { decision: _, ...plain } = given;
  const kernel = emitConvolution(program, x, output, decided ? given : plain);
  const reason = packed && !binary ? 'channels of a group are no multiple of 4' : undefined;
  return { output, kernel, decided, ...(reason && { reason }) };
}
