// Pooling, and ops that only move elements. Where the last axis is left alone, or its rows are whole words, packed
// levels move a word at a time.
import { wordsPerRow } from '@bitgrad/bits';
import {
  boxesOf,
  channelCount,
  type AvgPoolOp,
  type BoxOp,
  type BufferSpec,
  type ConstantOp,
  type MaxPoolOp,
  type ReshapeOp,
  type Shape,
  type TransposeOp,
  elementCount,
} from '@bitgrad/runtime';
import { valueType } from '../access.js';
import { literal } from '../dialect.js';
import { elementwise, weightConstant, type Context, type Draft } from './context.js';

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

/** concat of inputs that fit one kernel, pad and slice. */
export function boxes(context: Context<BoxOp>): Draft {
  const { op, x, out } = context;
  const given = boxesOf(op, x.map(({ shape }) => shape), out.shape); // prettier-ignore
  const { fill } = given;
  const last = out.shape.length - 1;
  const width = out.shape[last]!;
  const whole = given.boxes.every(({ input, from, to, size }) => {
    const rows = size[last] === width && size[last] === x[input]!.shape[last];
    return from[last]! % 32 === 0 && to[last]! % 32 === 0 && (rows || size[last]! % 32 === 0);
  });
  // Unused bits stay 0.
  const inner = unpackedOr(context, whole && ((fill ?? 0) >= 0 || width % 32 === 0))
    ? inWords(context)
    : context;
  const words = inner !== context;
  const inUnits = (at: Shape): Shape =>
    words ? at.map((n, axis) => (axis === last ? Math.ceil(n / 32) : n)) : at;
  const parts = given.boxes.map((box, j) => {
    const [from, to, size] = [box.from, box.to, box.size].map(inUnits) as [Shape, Shape, Shape];
    const at = from.map((n, axis) => `c${axis} + ${n - to[axis]!}`);
    const read = `return x${box.input}(${index(inner.x[box.input]!.shape, at)});`;
    if (fill === undefined && j === given.boxes.length - 1) return read;
    const tests = inner.out.shape.flatMap((n, axis) => [
      ...(to[axis]! > 0 ? [`c${axis} >= ${to[axis]}`] : []),
      ...(to[axis]! + size[axis]! < n ? [`c${axis} < ${to[axis]! + size[axis]!}`] : []),
    ]);
    return `if (${tests.join(' && ') || 'true'}) { ${read} }`;
  });
  if (fill !== undefined) {
    const bits = fill < 0 ? -1 : 0;
    parts.push(`return ${out.type === 'f32' ? literal(fill) : words ? bits : fill};`);
  }
  return moved(inner, op.op, parts.join('\n  '));
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
