// Pooling, and ops that only move elements. Where the last axis is left alone, or its rows are whole words, packed
// levels move a word at a time.
import { wordsPerRow } from '@bitgrad/bits';
import {
  channelCount,
  type AvgPoolOp,
  type BufferSpec,
  type ConcatOp,
  type ConstantOp,
  type MaxPoolOp,
  type PadOp,
  type ReshapeOp,
  type Shape,
  type SliceOp,
  type TransposeOp,
  elementCount,
} from '@bitgrad/runtime';
import { valueType } from '../access.js';
import { literal } from '../dialect.js';
import { elementwise, weightConstant, type Context, type Draft, type Input } from './context.js';

/** Row-major strides of a shape. */
const strides = (shape: Shape): number[] => shape.map((_, axis) => elementCount(shape.slice(axis + 1)));

/** Declares c0, c1 ...: the coordinates of element i of a shape. */
const coordinates = (shape: Shape): string =>
  strides(shape)
    .map((stride, axis) => `let c${axis}: i32 = (i / ${stride}) % ${shape[axis]};`)
    .join(' ');

const index = (shape: Shape, at: readonly string[]): string =>
  strides(shape)
    .map((stride, axis) => `(${at[axis]}) * ${stride}`)
    .join(' + ');

/** The words of packed rows as a tensor of integers. */
const asWords = <S extends BufferSpec>(spec: S): S => ({
  ...spec,
  type: 'i32',
  shape: [...spec.shape.slice(0, -1), wordsPerRow(channelCount(spec.shape))],
});

/** Packed operands as tensors of words. */
const inWords = <C extends Context>(context: C): C => ({
  ...context,
  x: context.x.map(asWords),
  out: asWords(context.out),
});

const unpackedOr = (context: Context, wholeWords: boolean): boolean =>
  context.out.type === 'bits' && wholeWords;

const moved = (context: Context, name: string, statements: string): Draft =>
  elementwise(
    name,
    context,
    `fn elem(i: i32) -> ${valueType(context.out.type)} { ${coordinates(context.out.shape)} ${statements} }`,
    [],
    1,
  );

/** transpose. */
export function transpose(context: Context<TransposeOp>): Draft {
  const { permutation } = context.op;
  const last = permutation.length - 1;
  if (unpackedOr(context, permutation[last] === last)) return transpose(inWords(context));
  const { shape } = context.x[0]!;
  const at = shape.map((_, axis) => `c${permutation.indexOf(axis)}`);
  return moved(context, 'permute', `return x0(${index(shape, at)});`);
}

/** slice. */
export function slice(context: Context<SliceOp>): Draft {
  const {
    op,
    x: [x],
    out,
  } = context;
  const { begin } = op;
  const last = begin.length - 1;
  if (
    unpackedOr(
      context,
      begin[last]! % 32 === 0 && (out.shape[last]! % 32 === 0 || out.shape[last] === x!.shape[last]),
    )
  )
    return slice({
      ...inWords(context),
      op: { ...op, begin: begin.map((b, axis) => (axis === last ? b / 32 : b)) },
    });
  return moved(
    context,
    'slice',
    `return x0(${index(
      x!.shape,
      begin.map((b, axis) => `c${axis} + ${b}`),
    )});`,
  );
}

/** pad. */
export function pad(context: Context<PadOp>): Draft {
  const {
    op,
    x: [x],
    out,
  } = context;
  const { before, after, value } = op;
  const last = before.length - 1;
  const whole = [before[last]!, x!.shape[last]!, after[last]!].every((size) => size % 32 === 0);
  if (unpackedOr(context, whole)) {
    const shrink = (sizes: readonly number[]) =>
      sizes.map((size, axis) => (axis === last ? size / 32 : size));
    return pad({
      ...inWords(context),
      op: { ...op, before: shrink(before), after: shrink(after), value: value < 0 ? -1 : 0 },
    });
  }
  const inside = before
    .map((b, axis) => `c${axis} >= ${b} && c${axis} < ${b + x!.shape[axis]!}`)
    .join(' && ');
  return moved(
    context,
    'pad',
    `if (${inside}) { return x0(${index(
      x!.shape,
      before.map((b, axis) => `c${axis} - ${b}`),
    )}); }
  return ${out.type === 'f32' ? literal(value) : value};`,
  );
}

/** concat of inputs that fit one kernel. */
export function concat(context: Context<ConcatOp>): Draft {
  const { op, x, out } = context;
  const last = out.shape.length - 1;
  if (unpackedOr(context, op.axis < last || x.every(({ shape }) => shape[last]! % 32 === 0)))
    return concat(inWords(context));
  let end = 0;
  const parts = x.map(({ shape }: Input, j) => {
    const start = end;
    end += shape[op.axis]!;
    const at = shape.map((_, axis) => (axis === op.axis ? `c${axis} - ${start}` : `c${axis}`));
    const from = `return x${j}(${index(shape, at)});`;
    return j === x.length - 1 ? from : `if (c${op.axis} < ${end}) { ${from} }`;
  });
  return moved(context, 'concat', parts.join('\n  '));
}

/** reshape whose words differ: packed rows of another length. */
export const reshape = (context: Context<ReshapeOp>): Draft =>
  elementwise('repack', context, `fn elem(i: i32) -> ${valueType(context.out.type)} { return x0(i); }`);

/** constant. */
export const copyConstant = (context: Context<ConstantOp>): Draft => ({
  name: 'copy',
  reads: [weightConstant(context, context.w[0]!)],
  loads: 1,
  code: 'fn word(i: i32) -> u32 { return w0(i); }',
});

/** Runs statements for each real tap of the window at (c0, c1), with `at` the index of its element of channel c2. */
function overTaps(
  { kernel, strides: [sy, sx], pads }: MaxPoolOp | AvgPoolOp,
  [h, w, c]: Shape,
  statements: string,
): string {
  return `for (var t: i32 = 0; t < ${kernel[0] * kernel[1]}; t++) {
    let iy: i32 = c0 * ${sy} - ${pads[0]} + t / ${kernel[1]};
    let ix: i32 = c1 * ${sx} - ${pads[1]} + t % ${kernel[1]};
    if (iy >= 0 && iy < ${h} && ix >= 0 && ix < ${w}) { let v: T = x0((iy * ${w} + ix) * ${c} + c2); ${statements} }
  }`;
}

/** maxPool: packed levels are the AND of words. */
export function maxPool(context: Context<MaxPoolOp>): Draft {
  const {
    op,
    x: [x],
    out,
  } = context;
  const packed = out.type === 'bits';
  const inner = packed ? inWords(context) : context;
  const type = valueType(inner.out.type);
  const step = packed ? 'best = best & v;' : 'if (count == 0 || v > best) { best = v; }';
  const code = `var best: ${type} = ${type}(${packed ? '-1' : '0'});
  var count: i32 = 0;
  ${overTaps(op, inner.x[0]!.shape, `${step} count = count + 1;`).replaceAll(': T', `: ${type}`)}
  return best;`;
  return {
    ...moved(inner, packed ? 'packed-max' : 'max', code),
    loads: op.kernel[0] * op.kernel[1] * (x!.type === 'u8' ? 4 : 1),
  };
}

/** avgPool: integer sums are exact; one division. */
export function avgPool(context: Context<AvgPoolOp>): Draft {
  const {
    op,
    x: [x],
  } = context;
  const type = valueType(x!.type);
  const add = type === 'f32' ? 's = rnd(s + v);' : 's = s + v;';
  const code = `var s: ${type} = ${type}(0);
  var count: i32 = 0;
  ${overTaps(op, x!.shape, `${add} count = count + 1;`).replaceAll(': T', `: ${type}`)}
  return rnd(f32(s) / f32(count));`;
  return { ...moved(context, 'average', code), loads: op.kernel[0] * op.kernel[1] };
}
