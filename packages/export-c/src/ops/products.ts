// Sums of products: packed levels by xor and popcount over a gathered patch; everything else tap by tap into the output.
import { packRows, unpackRows } from '@bitgrad/bits';
import { channelCount, elementCount, type ConvOp, type DenseOp, type DepthwiseOp, type TensorData, type WeightSpec } from '@bitgrad/runtime'; // prettier-ignore
import { outputRow, operandRow, type Context, type OpText, type Place } from '../context.js';
import { elementOf, rowLength, wordBits, type Spec } from '../values.js';
import { lineStatements, tapLoop } from './window.js';

/** Ops that are sums of products with weights. */
export type ProductOp = ConvOp | DenseOp | DepthwiseOp;

/** Weights as numbers, in the order of the file. */
function weightNumbers({ type, shape }: WeightSpec, data: TensorData): ArrayLike<number> {
  if (type !== 'bits') return data;
  const channels = channelCount(shape);
  return unpackRows(data as Uint32Array, elementCount(shape) / channels, channels);
}

/** Levels as bits without gaps, a row padded to 32-bit words. */
const packed = (levels: ArrayLike<number>, perRow: number): number[] =>
  Array.from(packRows(levels, levels.length / perRow, perRow));

const isPacked = (op: ProductOp, x: Spec, w: Spec): boolean =>
  x.type === 'bits' && w.type === 'bits' && op.op !== 'depthwise' && (op.op === 'dense' || op.groups === 1);

const tapsOf = (op: ProductOp): number => (op.op === 'dense' ? 1 : op.kernel[0] * op.kernel[1]);
const isPadded = (op: ProductOp): boolean => op.op !== 'dense' && op.pads.some((pad) => pad > 0);
/** Whether borders need to know which bits are real. */
const needsMask = (op: ProductOp): boolean => op.op !== 'dense' && isPadded(op) && op.padValue === 0;

/** Whether the patch is one row of the input as it is stored. */
const isRow = (op: ProductOp, x: Spec): boolean =>
  tapsOf(op) === 1 && !isPadded(op) && wordBits(channelCount(x.shape)) === 32;

const patchWords = (op: ProductOp, x: Spec): number => Math.ceil((tapsOf(op) * channelCount(x.shape)) / 32);

/** Statements that append the row at `source` to the words at `target`; `one`: there is one word, which nothing leaves. */
function appendRow(target: string, source: string, spec: Place, one: boolean): string[] {
  const channels = channelCount(spec.shape);
  const words = rowLength(spec);
  if (one) return [`*${target} |= (uint32_t)${source}[0] << at;`];
  if (words === 1) return [`put(${target}, at, ${source}[0], ${channels});`];
  const rest = channels % 32;
  if (rest === 0) return [`for (k = 0; k < ${words}; k++) ${target}[(at >> 5) + k] = ${source}[k];`];
  return [
    `for (k = 0; k < ${words}; k++) put(${target}, at + 32 * k, ${source}[k], k < ${words - 1} ? 32 : ${rest});`,
  ];
}

/** Statements that append as many ones. */
function appendOnes(target: string, channels: number, one: boolean): string[] {
  if (one) return [`*${target} |= (0xffffffffu >> ${32 - channels}) << at;`];
  if (channels <= 32) return [`put(${target}, at, 0xffffffffu >> ${32 - channels}, ${channels});`];
  const words = Math.ceil(channels / 32);
  const rest = channels % 32 || 32;
  return [
    `for (k = 0; k < ${words}; k++) put(${target}, at + 32 * k, k < ${words - 1} ? 0xffffffffu : 0xffffffffu >> ${32 - rest}, k < ${words - 1} ? 32 : ${rest});`,
  ];
}

/** Gathers the window's bits and counts. */
function packedLines(context: Context<ConvOp | DenseOp>): string[] {
  const { op, x, out, scratch } = context;
  const [source] = x as [Place];
  const channels = channelCount(source.shape);
  const bits = tapsOf(op) * channels;
  const words = patchWords(op, source);
  const { spec, data } = context.weight(0);
  const w = context.array('u32', 'w', packed(weightNumbers(spec, data), bits));
  const target = outputRow(context);
  const units = channelCount(out.shape);
  context.use('xnor');
  if (isRow(op, source)) {
    const row = op.op === 'dense' ? operandRow(context, source) : undefined;
    if (row) return [`xnor(${row}, ${w}, ${words}, ${units}, ${bits}, ${target});`];
    return [...tapLoop(context as Context<ConvOp>, (tap) => [`xnor(${tap}, ${w}, ${words}, ${units}, ${bits}, ${target});`])]; // prettier-ignore
  }
  const mask = needsMask(op);
  const direct = channels % 32 === 0 && channels > 32;
  const zero = [`memset(patch, 0, ${4 * words * (mask ? 2 : 1)});`];
  const one = words === 1;
  const real = [
    ...appendRow('patch', 'tap', source, one),
    ...(mask ? appendOnes('real', channels, one) : []),
  ];
  const padded = op.op === 'conv' && op.padValue < 0 ? appendOnes('patch', channels, one) : [];
  const loopsWords = rowLength(source) > 1;
  // Rows of whole words are copied as they are: then nothing is put bit by bit, unless something stands beside them.
  if ([...real, ...(isPadded(op) ? padded : [])].some((line) => line.includes('put('))) context.use('put');
  const head = [
    `u32 *const patch = ${scratch};`,
    ...(mask ? [`u32 *const real = patch + ${words};`] : []),
    `int at = 0${mask ? ', outside = 0' : ''}${loopsWords ? ', k' : ''};`,
    ...(direct && !isPadded(op) ? [] : zero),
  ];
  const count = `xnor(patch, ${w}, ${words}, ${units}, ${bits}, ${target});`;
  if (op.op === 'dense') {
    const row = operandRow(context, source);
    return [...head, ...appendRow('patch', row, source, one), count];
  }
  if (mask) context.use('xnor_real');
  return [
    ...head,
    ...tapLoop(
      context as Context<ConvOp>,
      () => real,
      [...padded, ...(mask ? ['outside++;'] : [])],
      [`at += ${channels};`],
    ),
    ...(mask
      ? [
          `if (outside > 0) xnor_real(patch, real, ${w}, ${words}, ${units}, ${bits} - outside * ${channels}, ${target});`,
          `else ${count}`,
        ]
      : [count]),
  ];
}

/** Weights as [tap][input channel][output channels of its group]. */
function tapMajor(op: ProductOp, spec: WeightSpec, numbers: ArrayLike<number>, channels: number): number[] {
  if (op.op === 'depthwise') return Array.from(numbers);
  const taps = tapsOf(op);
  const groups = op.op === 'conv' ? op.groups : 1;
  const units = spec.shape[0]!;
  const [length, perGroup] = [channels / groups, units / groups];
  const result: number[] = [];
  for (let t = 0; t < taps; t++)
    for (let c = 0; c < channels; c++) {
      const [g, k] = [Math.floor(c / length), c % length];
      for (let o = 0; o < perGroup; o++) result.push(numbers[((g * perGroup + o) * taps + t) * length + k]!);
    }
  return result;
}

/** Adds `value` times the weights of a channel to the sums of its group. */
function accumulate(
  context: Context<ProductOp>,
  w: string,
  value: string,
  perGroup: number,
  groups: number,
): string[] {
  const { x, op } = context;
  const type = context.weight(0).spec.type;
  const channels = channelCount(x[0]!.shape);
  const length = channels / groups;
  const group = groups === 1 ? '' : length === 1 ? `c * ${perGroup} + ` : `c / ${length} * ${perGroup} + `;
  const index = tapsOf(op) === 1 ? 'c' : `(t * ${channels} + c)`;
  const words = Math.ceil(perGroup / 32);
  const weights =
    type === 'bits'
      ? `const u32 *const w = ${w} + ${index} * ${words};`
      : `const ${{ i8: 'int8_t', f32: 'f32' }[type as 'i8']} *const w = ${w} + ${index} * ${perGroup};`;
  const kind = x[0]!.type === 'f32' ? 'float' : 'int32_t';
  const term =
    type === 'bits'
      ? '((w[o >> 5] >> (o & 31)) & 1u) ? -v : v'
      : type === 'i8' && kind === 'float'
        ? 'v * (float)w[o]'
        : 'v * w[o]';
  return [
    `for (c = 0; c < ${channels}; c++) {`,
    `const ${kind} v = ${value};`,
    weights,
    `for (o = 0; o < ${perGroup}; o++) sums[${group}o] += ${type === 'bits' ? `(${term})` : term};`,
    '}',
  ];
}

/** Tap by tap, channel by channel, in the order that the ops state. */
function plainLines(context: Context<ProductOp>): string[] {
  const { op, x, out } = context;
  const [source] = x as [Place];
  const channels = channelCount(source.shape);
  const units = channelCount(out.shape);
  const groups = op.op === 'depthwise' ? channels : op.op === 'conv' ? op.groups : 1;
  const perGroup = units / groups;
  const { spec, data } = context.weight(0);
  const numbers = tapMajor(op, spec, weightNumbers(spec, data), channels);
  const w =
    spec.type === 'bits'
      ? context.array('u32', 'w', packed(numbers, perGroup))
      : context.array(spec.type === 'i8' ? 'int8_t' : 'f32', 'w', numbers);
  const float = source.type === 'f32';
  const { shift, padValue } = op.op === 'dense' ? { shift: 0, padValue: 0 } : op;
  const value = (row: string): string =>
    source.type === 'bits'
      ? elementOf(source, row, 'c')
      : shift > 0
        ? `(int32_t)${row}[c] << ${shift}`
        : `${row}[c]`;
  const head = [
    `${float ? 'f32' : 'i32'} *const sums = ${outputRow(context)};`,
    'int c, o;',
    `for (o = 0; o < ${units}; o++) sums[o] = 0;`,
  ];
  if (op.op === 'dense') {
    const row = operandRow(context, source);
    return [...head, ...accumulate(context, w, value(row), perGroup, groups)];
  }
  const counting = tapsOf(op) > 1;
  return [
    ...head,
    ...(counting ? ['int t = 0;'] : []),
    ...tapLoop(
      context as Context<ConvOp>,
      (tap) => accumulate(context, w, value(tap), perGroup, groups),
      padValue === 0 ? [] : accumulate(context, w, String(padValue), perGroup, groups),
      counting ? ['t++;'] : [],
    ),
  ];
}

const text: OpText<ProductOp> = {
  scratchWords(op, [x], model) {
    const w = model.plan.weights[op.weights[0]]!;
    if (!isPacked(op, x!, w) || isRow(op, x!)) return 0;
    return patchWords(op, x!) * (needsMask(op) ? 2 : 1);
  },
  line: (context) => (context.op.op === 'dense' ? [] : lineStatements(context as Context<ConvOp>)),
  lines(context) {
    const packed = isPacked(context.op, context.x[0]!, context.weight(0).spec);
    return packed ? packedLines(context as Context<ConvOp | DenseOp>) : plainLines(context);
  },
};

export const conv: OpText<ConvOp> = text as OpText<ConvOp>;
export const dense: OpText<DenseOp> = text as OpText<DenseOp>;
export const depthwise: OpText<DepthwiseOp> = text as OpText<DepthwiseOp>;

/** Bound of the sums of a product, for thresholds of the narrowest type. */
export function sumBound(op: ProductOp, x: Spec, w: Spec): number {
  const terms = op.op === 'depthwise' ? tapsOf(op) : elementCount(w.shape) / w.shape[0]!;
  const input = x.type === 'bits' ? 1 : 255;
  const { shift, padValue } = op.op === 'dense' ? { shift: 0, padValue: 0 } : op;
  return terms * Math.max(input * 2 ** shift, Math.abs(padValue)) * (w.type === 'i8' ? 128 : 1);
}
