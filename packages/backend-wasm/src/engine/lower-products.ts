// Lowers conv, dense, depthwise and matmul to records of the module's matrix products.
import type { Window } from '@bitgrad/runtime';
import { family, product, windows } from './opcodes.js';
import { copyTensor, repeatChannels, transposed } from './lower-copy.js';
import { paddedInitial, uniform, type Initial } from './padding.js';
import { constant, emit, openGroup, pinned, view, type Program, type Word } from './program.js';
import { blocksOf, packPanels, segmentsOf, type WeightReader } from './segments.js';
import { isLinear, rowsOf, tensor, type Border, type Tensor } from './tensors.js';
import { readElements, readNibbles, tapSums, type TapWeights } from './weights.js';

/** What padded taps and shifts mean; see PaddedAccumulation in plan.ts. */
export interface Accumulation {
  padValue: number;
  shift: number;
}

type Kind = keyof typeof product;

/** The kernel for an input type, its name in reports, and its panel. */
function kernelFor({ target }: Program, type: Tensor['type']): { kind: Kind; name: string; panel: number } {
  const kind =
    type === 'bits' ? (target.relaxed ? 'single' : 'paired') : type === 'i16' ? 'integer' : 'float';
  if (!target.simd)
    return { kind, panel: 1, name: { bits: 'xnor-popcount', i16: 'integer', f32: 'float' }[type as 'bits'] };
  const name = {
    bits: target.relaxed ? 'xnor-lookup-relaxed' : 'xnor-lookup',
    i16: 'integer-dot',
    f32: 'float',
  };
  return { kind, panel: type === 'bits' ? 64 : 16, name: name[type as 'bits'] };
}

/** The common tail of a product's record: parameters from word 14 on. */
interface ProductWords {
  weights: Word;
  segments: Int32Array;
  length: number;
  channels: number;
  panelBytes: number;
  initial?: Initial;
  classWidth?: number;
  mode?: number;
  stepBytes?: number;
  firstRow?: number;
  lastRow?: number;
}

function productWords(program: Program, p: ProductWords): Word[] {
  const segments = constant(program, p.segments);
  const { initial } = p;
  return [
    p.weights,
    segments,
    segments + p.segments.byteLength,
    p.length,
    p.channels,
    p.panelBytes,
    initial ? constant(program, initial.table) : 0,
    initial?.rows ? constant(program, initial.rows) : 0,
    initial?.columns ? constant(program, initial.columns) : 0,
    p.classWidth ?? 0,
    p.mode ?? 0,
    p.stepBytes ?? 0,
    p.firstRow ?? 0,
    p.lastRow ?? 0x7fffffff,
  ];
}

/** A view of the windows' first taps: `offset` bytes after the first channel. */
function windowView(x: Tensor, out: Tensor, { strides, pads }: Window, offset: number): Word[] {
  const from = offset - pads[0] * x.pitch - pads[1] * x.pixel;
  return [pinned(x, from), strides[1] * x.pixel, out.w, strides[0] * x.pitch];
}

const pointWindow: Window = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };

/**
 * A product of windows of `x` with constant weights.
 * @param x bits, i16 or f32, with a border at least as wide as the window's pads
 * @param out i32 or f32; its w splits rows into lines of windows
 * @returns the kernel's name
 */
function constantProduct(
  program: Program,
  x: Tensor,
  w: TapWeights,
  out: Tensor,
  window: Window,
  { padValue, shift }: Accumulation,
  groups: number,
): string {
  const { kind, name, panel } = kernelFor(program, x.type);
  const channels = out.c / groups;
  const bits = x.type === 'bits';
  const group = openGroup(program, rowsOf(out), out.c, { divisible: groups === 1 });
  const segments = segmentsOf(x, { ...window, channels: w.length }, groups === 1);
  const padded = window.pads.some((p) => p > 0) && padValue !== (bits ? 1 : 0);
  const sums = padded ? tapSums(w, out.c) : new Int32Array(0);
  for (let g = 0; g < groups; g++) {
    const from = g * channels;
    const read: WeightReader = bits ? readNibbles(w, from, panel === 1 ? 4 : 0) : readElements(w, from);
    const base = bits ? w.taps * w.length : 0;
    const initial =
      x.type === 'f32'
        ? undefined
        : padded
          ? paddedInitial(
              window,
              x,
              out,
              channels,
              sums.subarray(from * w.taps, (from + channels) * w.taps),
              base,
              bits ? padValue - 1 : padValue,
            )
          : uniform(channels, base);
    const offset = (g * w.length * (bits ? 1 : x.type === 'i16' ? 2 : 4)) / (bits ? 4 : 1);
    blocksOf(segments, bits).forEach((block, index) => {
      const { data, length, panelBytes } = packPanels(x.type as 'bits', block, channels, panel, read);
      const words = productWords(program, {
        weights: constant(program, data),
        segments: Int32Array.from(block, (s) => s.offset),
        length,
        channels,
        panelBytes,
        ...(initial && { initial }),
        classWidth: out.w,
        mode: bits ? Math.min(index, 1) : shift,
        stepBytes: panel * 4,
      });
      emit(
        program,
        group,
        family.product + product[kind],
        [...windowView(x, out, window, offset), 0, 0, 0, 0, ...view(out, from * 4), ...words],
        [x],
        out,
      );
    });
  }
  return name;
}

/** Bytes to add to rows whose last vector may reach past them: groups of channels that are no multiple of 4. */
const slack = (channels: number, groups: number): number => (groups > 1 && channels % 4 !== 0 ? 16 : 0);

/** Whether the binary kernel can run this convolution: groups must start at whole bytes. */
const isBinary = (x: Tensor, w: TapWeights, groups: number): boolean =>
  x.type === 'bits' && w.type === 'bits' && (groups === 1 || w.length % 4 === 0);

/** conv and dense. A dense layer is a convolution with a 1x1 window. */
export function lowerConvolution(
  program: Program,
  input: Tensor,
  w: TapWeights,
  shape: readonly number[],
  window: Window | undefined,
  accumulation: Accumulation,
  groups: number,
  outputBorder: Border,
): { output: Tensor; kernel: string; reason?: string } {
  const integer = input.type !== 'f32';
  const output = tensor(integer ? 'i32' : 'f32', shape, {
    border: outputBorder,
    extra: slack(shape[shape.length - 1]! / groups, groups),
  });
  const binary = isBinary(input, w, groups);
  const border = (window?.pads ?? pointWindow.pads) as Border;
  let x = input;
  if (integer && !binary)
    x = copyTensor(program, input, tensor('i16', [input.h, input.w, input.c], { border, exact: true }));
  else if (border.some((p, i) => p > input.border[i]!))
    x = copyTensor(
      program,
      input,
      tensor(input.type, [input.h, input.w, input.c], { border, exact: input.type === 'f32' }),
    );
  // A dense layer treats its rows as pixels of an image with the input's own lines.
  const target: Tensor = window ? output : { ...output, h: x.h, w: x.w };
  const kernel = constantProduct(program, x, w, target, window ?? pointWindow, accumulation, groups);
  const reason =
    input.type === 'bits' && w.type === 'bits' && !binary
      ? 'channels of a group are no multiple of 4'
      : undefined;
  return { output, kernel, ...(reason && { reason }) };
}

/** depthwise. */
export function lowerDepthwise(
  program: Program,
  input: Tensor,
  w: TapWeights,
  shape: readonly number[],
  window: Window,
  multiplier: number,
  { padValue, shift }: Accumulation,
  border: Border,
): { output: Tensor; kernel: string } {
  const integer = input.type !== 'f32';
  const channels = input.c * multiplier;
  let x = input;
  if (integer) x = copyTensor(program, input, tensor('i16', [input.h, input.w, input.c]));
  if (multiplier > 1) x = repeatChannels(program, x, tensor(x.type, [x.h, x.w, channels]), multiplier);
  const output = tensor(integer ? 'i32' : 'f32', shape, { border });
  const stride = output.pixel / 4;
  const data = integer ? new Int32Array(w.taps * stride) : new Float32Array(w.taps * stride);
  // Weights are [taps][channels]: one tap of `channels` in the sense of TapWeights.
  const read = readElements({ ...w, taps: 1, length: channels });
  for (let tap = 0; tap < w.taps; tap++)
    for (let c = 0; c < channels; c++) data[tap * stride + c] = read(tap, 0, c);
  const group = openGroup(program, rowsOf(output), channels, { divisible: false });
  const words = [...windowWords(x, output, window), constant(program, data), stride * 4, shift, padValue];
  emit(
    program,
    group,
    family.windows + (integer ? windows.depthwiseI32 : windows.depthwiseF32),
    [0, 0, 0, 0, 0, 0, 0, 0, ...view(output), ...words],
    [x],
    output,
  );
  return { output, kernel: integer ? 'depthwise-integer' : 'depthwise-float' };
}

/** Words 14 to 27 of a window record. */
export const windowWords = (x: Tensor, out: Tensor, { kernel, strides, pads, dilations }: Window): Word[] => [
  pinned(x),
  x.pixel,
  x.pitch,
  x.h,
  x.w,
  ...kernel,
  ...strides,
  pads[0],
  pads[1],
  out.w,
  ...dilations,
];

/** matmul: [batch, m, k] x [batch, k, n] (or [batch, n, k] with transposeB). */
export function lowerMatmul(
  program: Program,
  a: Tensor,
  b: Tensor,
  shape: readonly number[],
  transposeB: boolean,
): { output: Tensor; kernel: string } {
  const { kind, name, panel } = kernelFor(program, a.type);
  const [m, n] = shape.slice(-2) as [number, number];
  const output = tensor(a.type === 'bits' ? 'i32' : 'f32', shape);
  const batch = rowsOf(output) / m;
  const bits = a.type === 'bits';
  const steps = bits ? a.pixel : a.c;
  let weights: Word[];
  let from = b;
  let [panelBytes, stepBytes] = [panel * 4, 0];
  if (bits) {
    // The right operand's rows become panels, like constant weights.
    panelBytes = panel * steps;
    const perBatch = Math.ceil(n / panel) * panelBytes;
    const linear = isLinear(b) ? b : copyTensor(program, b, tensor('bits', [b.h, b.w, b.c]));
    from = tensor('u8', [batch * perBatch]);
    const group = openGroup(program, n, 1, { open: false });
    for (let i = 0; i < batch; i++)
      emit(
        program,
        group,
        family.panels,
        [pinned(linear, i * n * linear.pixel), pinned(from, i * perBatch), linear.pixel, steps, panel],
        [linear],
        from,
      );
    weights = Array.from({ length: batch }, (_, i) => pinned(from, i * perBatch));
  } else {
    if (transposeB) from = transposed(program, b, tensor('f32', [batch, b.c, n]), [0, 2, 1], [batch, n, b.c]);
    else if (!isLinear(b)) from = copyTensor(program, b, tensor('f32', [b.h, b.w, b.c]));
    const rows = from;
    stepBytes = rows.pixel;
    if (panel === 1) panelBytes = 4;
    weights = Array.from({ length: batch }, (_, i) => pinned(rows, i * a.c * rows.pixel));
  }
  const group = openGroup(program, rowsOf(output), n);
  const initial = bits ? uniform(n, a.c) : undefined;
  weights.forEach((address, i) => {
    const words = productWords(program, {
      weights: address,
      segments: new Int32Array(1),
      length: steps,
      channels: n,
      panelBytes,
      stepBytes,
      ...(initial && { initial }),
      firstRow: i * m,
      lastRow: (i + 1) * m,
    });
    emit(
      program,
      group,
      family.product + product[kind],
      [...view(a), 0, 0, 0, 0, ...view(output), ...words],
      [a, from],
      output,
    );
  });
  return { output, kernel: name };
}
