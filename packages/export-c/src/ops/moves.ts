// Ops that need their inputs whole: moves of elements, and products of two buffers.
import { boxesOf, channelCount, type ConcatOp, type ConstantOp, type MatmulOp, type PadOp, type ReshapeOp, type Shape, type SliceOp, type TransposeOp } from '@bitgrad/runtime'; // prettier-ignore
import type { Context, OpText, Place } from '../context.js';
import { floatLiteral } from '../text.js';
import { indexText, rowAt, rowLength, typeOf, wordBits } from '../values.js';

/** Statement that copies an element, both positions given as row and channel. */
function copy(
  from: Place,
  source: readonly [string, string],
  to: Place,
  target: readonly [string, string],
): string {
  const [a, b] = [rowAt('in', from, source[0]), rowAt('out', to, target[0])];
  if (from.type !== 'bits') return `${b}[${target[1]}] = ${a}[${source[1]}];`;
  const [p, q] = [wordBits(channelCount(from.shape)), wordBits(channelCount(to.shape))];
  const bit = `${a}[(${source[1]}) / ${p}] >> ((${source[1]}) % ${p}) & 1u`;
  return `${b}[(${target[1]}) / ${q}] = (${typeOf(to)})(${b}[(${target[1]}) / ${q}] | ((uint32_t)(${bit}) << ((${target[1]}) % ${q})));`;
}

const pointers = (context: Context, place: Place): string[] => [
  `const ${typeOf(place)} *const in = ${place.pointer};`,
  `${typeOf(context.out)} *const out = ${context.out.pointer};`,
];

const rowsIn = (shape: Shape): number => shape.slice(0, -1).reduce((a, b) => a * b, 1);

/** Bits are or-ed into zeros. */
const cleared = ({ out }: Context): string[] =>
  out.type === 'bits'
    ? [
        '{',
        'int i;',
        `for (i = 0; i < ${rowsIn(out.shape) * rowLength(out)}; i++) ${out.pointer}[i] = 0;`,
        '}',
      ]
    : [];

const loops = (sizes: readonly number[], body: readonly string[]): string[] => [
  ...sizes.map((size, axis) => `for (i${axis} = 0; i${axis} < ${size}; i${axis}++)`),
  ...body,
];

const counters = (shape: Shape): string => `int ${shape.map((_, axis) => `i${axis}`).join(', ')};`;

/** Position in the box, moved by a corner, as row and channel. */
const moved = (shape: Shape, corner: Shape): [string, string] => {
  const at = shape.map((_, axis) => (corner[axis] === 0 ? `i${axis}` : `i${axis} + ${corner[axis]}`));
  return [indexText(shape.slice(0, -1), at.slice(0, -1)), at.at(-1)!];
};

/** Statements that give every element of the output a value. */
function fill({ out }: Context, value: number): string[] {
  const literal = out.type === 'f32' ? floatLiteral(value) : String(value);
  if (out.type !== 'bits') {
    const count = rowsIn(out.shape) * channelCount(out.shape);
    return [
      '{',
      'int i;',
      `for (i = 0; i < ${count}; i++) ${out.pointer}[i] = ${literal === '-2147483648' ? '(-2147483647 - 1)' : literal};`,
      '}',
    ];
  }
  return [];
}

const boxes: OpText<ConcatOp | PadOp | SliceOp> = {
  lines(context) {
    const { op, x, out } = context;
    const { boxes: all, fill: value } = boxesOf(op, x.map(({ shape }) => shape), out.shape); // prettier-ignore
    const lines = [...cleared(context), ...(value === undefined ? [] : fill(context, value))];
    for (const { input, from, to, size } of all) {
      const place = x[input]!;
      const [source, target] = [moved(place.shape, from), moved(out.shape, to)];
      lines.push(
        '{',
        ...pointers(context, place),
        counters(size),
        ...loops(size, [copy(place, source, out, target)]),
        '}',
      );
    }
    // Levels of -1 outside of the box: bits that are 1.
    if (out.type === 'bits' && value === -1) {
      const { to, size } = all[0]!;
      const at = out.shape.map((_, axis) => `i${axis}`);
      const inside = at
        .map((i, axis) => `${i} >= ${to[axis]} && ${i} < ${to[axis]! + size[axis]!}`)
        .join(' && ');
      const width = wordBits(channelCount(out.shape));
      const c = at.at(-1)!;
      const word = `${rowAt('out', out, indexText(out.shape.slice(0, -1), at.slice(0, -1)))}[${c} / ${width}]`;
      lines.push('{', `${typeOf(out)} *const out = ${out.pointer};`, counters(out.shape), ...loops(out.shape, [`if (!(${inside})) ${word} = (${typeOf(out)})(${word} | ((uint32_t)1 << (${c} % ${width})));`]), '}'); // prettier-ignore
    }
    return lines;
  },
};
export const concat = boxes as OpText<ConcatOp>;
export const pad = boxes as OpText<PadOp>;
export const slice = boxes as OpText<SliceOp>;

export const reshape: OpText<ReshapeOp> = {
  lines(context) {
    const { x: [place], out } = context; // prettier-ignore
    const [from, to] = [channelCount(place!.shape), channelCount(out.shape)];
    const count = rowsIn(out.shape) * to;
    const at = (channels: number): [string, string] => [`i / ${channels}`, `i % ${channels}`];
    const body = place!.type === 'bits' ? copy(place!, at(from), out, at(to)) : 'out[i] = in[i];';
    return [
      '{',
      ...pointers(context, place!),
      'int i;',
      ...cleared(context),
      `for (i = 0; i < ${count}; i++)`,
      body,
      '}',
    ];
  },
};

export const transpose: OpText<TransposeOp> = {
  lines(context) {
    const { op, x: [place], out } = context; // prettier-ignore
    const at = place!.shape.map((_, axis) => `i${op.permutation.indexOf(axis)}`);
    const source: [string, string] = [indexText(place!.shape.slice(0, -1), at.slice(0, -1)), at.at(-1)!];
    const target = moved(
      out.shape,
      out.shape.map(() => 0),
    );
    return ['{', ...pointers(context, place!), counters(out.shape), ...cleared(context), ...loops(out.shape, [copy(place!, source, out, target)]), '}']; // prettier-ignore
  },
};

/** Only where the constant is what the user gets; elsewhere it is read where it is. */
export const constant: OpText<ConstantOp> = {
  lines(context) {
    const { out } = context;
    const { spec, data } = context.weight(0);
    const name = context.array(typeOf(spec), 'value', Array.from(data));
    return ['{', 'int i;', `for (i = 0; i < ${data.length}; i++) ${out.pointer}[i] = ${name}[i];`, '}'];
  },
};

export const matmul: OpText<MatmulOp> = {
  lines(context) {
    const { op, x, out } = context;
    const [a, b] = x as [Place, Place];
    const [m, n] = out.shape.slice(-2) as [number, number];
    const k = channelCount(a.shape);
    const batch = out.shape.slice(0, -2).reduce((p, size) => p * size, 1);
    const float = a.type === 'f32';
    const length = rowLength(a);
    const row = `a + (g * ${m} + i) * ${length}`;
    const head = [
      `const ${typeOf(a)} *const a = ${a.pointer};`,
      `const ${typeOf(b)} *const b = ${b.pointer};`,
      `${float ? 'f32' : 'i32'} *out = ${out.pointer};`,
      'int g, i, j, k;',
      `for (g = 0; g < ${batch}; g++) for (i = 0; i < ${m}; i++) for (j = 0; j < ${n}; j++) {`,
      `const ${typeOf(a)} *const p = ${row};`,
    ];
    const column = op.transposeB
      ? [`const ${typeOf(b)} *const q = b + (g * ${n} + j) * ${length};`]
      : [`const ${typeOf(b)} *const q = b + g * ${k * n} + j;`];
    if (!float) context.use('popcount');
    const sum = float
      ? [
          'float sum = 0.0f;',
          `for (k = 0; k < ${k}; k++) sum += p[k] * q[${op.transposeB ? 'k' : `k * ${n}`}];`,
          '*out++ = sum;',
        ]
      : [
          'int32_t different = 0;',
          `for (k = 0; k < ${length}; k++) different += BITGRAD_POPCOUNT((uint32_t)(p[k] ^ q[k]));`,
          `*out++ = ${k} - 2 * different;`,
        ];
    return ['{', ...head, ...column, ...sum, '}', '}'];
  },
};
