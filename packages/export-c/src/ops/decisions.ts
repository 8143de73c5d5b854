// Thresholds and steps.
import { channelCount, type QuantizeOp, type ThresholdOp } from '@bitgrad/runtime';
import { operandRow, outputRow, type OpText } from '../context.js';
import { narrowest } from '../text.js';
import { elementOf, rowLength, typeOf, wordBits, type Spec } from '../values.js';

/** Least and largest value of a type. */
const rangeOf: Readonly<Record<string, readonly [number, number]>> = { bits: [-1, 1], u8: [0, 255] };

/** Thresholds that decide as the given ones on values in [least, most], close to that range. */
const clamped = (t: readonly number[], [least, most]: readonly [number, number]): number[] =>
  t.map((x) => Math.min(Math.max(x, least), most + 1));

/** Bits of a row as words of the type of the output. */
function flipWords(words: ArrayLike<number>, { shape }: Spec): number[] {
  const width = wordBits(channelCount(shape));
  return Array.from(words, (word) => (width === 32 ? word : word & (2 ** width - 1)) >>> 0);
}

export const threshold: OpText<ThresholdOp> = {
  lines(context) {
    const { x, out, sums } = context;
    const [source] = x;
    const channels = channelCount(out.shape);
    const given = Array.from(context.weight(0).data);
    const flips = flipWords(context.weight(1).data, out);
    const range = rangeOf[source!.type] ?? (sums === undefined ? undefined : ([-sums, sums] as const));
    const t = source!.type !== 'f32' && range && range[1] < 2 ** 31 - 1 ? clamped(given, range) : given;
    const name = context.array(source!.type === 'f32' ? 'f32' : narrowest(t), 't', t);
    const type = typeOf(out);
    const width = wordBits(channels);
    const flip = flips.some((word) => word !== 0) ? context.array(type, 'flip', flips) : undefined;
    const words = rowLength(out);
    const value = elementOf(source!, 'row', 'c');
    return [
      `const ${typeOf(source!)} *const row = ${operandRow(context, source!)};`,
      `${type} *const bits = ${outputRow(context)};`,
      'int c, k;',
      `for (k = 0; k < ${words}; k++) {`,
      'uint32_t word = 0;',
      `for (c = ${width} * k; c < ${words === 1 ? channels : `${channels} && c < ${width} * k + ${width}`}; c++)`,
      `if (${value} < ${name}[c]) word |= (uint32_t)1 << (c - ${width} * k);`,
      `bits[k] = (${type})${flip ? `(word ^ ${flip}[k])` : 'word'};`,
      '}',
    ];
  },
};

export const quantize: OpText<QuantizeOp> = {
  lines(context) {
    const { x, out } = context;
    const t = Array.from(context.weight(0).data);
    const thresholds = context.array('f32', 't', t);
    const levels = context.array('f32', 'level', Array.from(context.weight(1).data));
    return [
      `const f32 *const p = ${operandRow(context, x[0]!)};`,
      `f32 *const out = ${outputRow(context)};`,
      'int c;',
      `for (c = 0; c < ${channelCount(out.shape)}; c++) {`,
      'int k = 0;',
      `while (k < ${t.length} && ${thresholds}[k] <= p[c]) k++;`,
      `out[c] = ${levels}[k];`,
      '}',
    ];
  },
};
