// Ops on single elements and on rows.
import {
  channelCount,
  rowCount,
  type AddOp,
  type LayerNormOp,
  type QuantizeOp,
  type SoftmaxOp,
  type ThresholdOp,
  elementCount,
} from '@bitgrad/runtime';
import { reader } from '../access.js';
import { literal } from '../dialect.js';
import { exponential } from '../math.js';
import type { Ref } from '../program.js';
import { elementwise, weightConstant, type Context, type Draft } from './context.js';

const constants = (context: Context): Ref[] => context.w.map((w) => weightConstant(context, w));

/** threshold. */
export function threshold(context: Context<ThresholdOp>): Draft {
  const [x] = context.x;
  const limit = x!.type === 'f32' ? 'floatOf(w1(c))' : 'i32(w1(c))';
  return elementwise(
    'threshold',
    context,
    `fn elem(i: i32) -> i32 {
  let c: i32 = i % ${channelCount(x!.shape)};
  var b: u32 = 0u;
  if (x0(i) < ${limit}) { b = 1u; }
  return 1 - 2 * i32(b ^ ((w2(c >> 5u) >> u32(c & 31)) & 1u));
}`,
    constants(context),
  );
}

/** quantize: binary search. */
export const quantize = (context: Context<QuantizeOp>): Draft => {
  const n = context.w[0]!.shape[0]!;
  const search = `fn elem(i: i32) -> f32 {
  let v: f32 = x0(i);
  var low: i32 = 0;
  var high: i32 = ${n};
  for (var s: i32 = 0; s < ${Math.ceil(Math.log2(n + 1))}; s++) {
    if (low < high) {
      let middle: i32 = (low + high) / 2;
      if (floatOf(w1(middle)) <= v) { low = middle + 1; } else { high = middle; }
    }
  }
  return floatOf(w2(low));
}`;
  return elementwise('search', context, search, constants(context), Math.ceil(Math.log2(n + 1)) + 2);
};

/** add of integers; the second operand has as many elements, or is one row. */
export const integerSum = (context: Context<AddOp>): Draft => {
  const period = elementCount(context.x[1]!.shape);
  const at = period === elementCount(context.out.shape) ? 'i' : `i % ${period}`;
  return elementwise('add', context, `fn elem(i: i32) -> i32 { return x0(i) + x1(${at}); }`);
};

/** A loop over the channels of row r. */
const overRow = (c: number, statements: string): string =>
  `for (var j: i32 = 0; j < ${c}; j++) { let v: f32 = x0(r * ${c} + j); ${statements} }`;

/** A temporary buffer with two numbers a row, from `fn summary(r: i32, which: i32) -> f32`. */
const statistics = ({ x: [x], temporary }: Context, code: string): Ref =>
  temporary(
    {
      name: 'row-statistics',
      reads: [x!.ref],
      loads: 2 * channelCount(x!.shape),
      code: `${reader(0, x!)}\n${code}\nfn word(i: i32) -> u32 { return bitsOf(summary(i / 2, i % 2)); }`,
    },
    2 * rowCount(x!.shape),
  );

/** softmax: maximum and sum of each row, then the elements. */
export function softmax(context: Context<SoftmaxOp>): Draft {
  const c = channelCount(context.out.shape);
  const code = `${exponential}
fn summary(r: i32, which: i32) -> f32 {
  var m: f32 = x0(r * ${c});
  ${overRow(c, 'if (v > m) { m = v; }')}
  if (which == 0) { return m; }
  var s: f32 = 0.0;
  ${overRow(c, 's = rnd(s + exp32(rnd(v - m)));')}
  return s;
}`;
  return elementwise(
    'softmax',
    context,
    `${exponential}
fn elem(i: i32) -> f32 {
  let r: i32 = (i / ${c}) * 2;
  return exp32(rnd(x0(i) - floatOf(w1(r)))) / floatOf(w1(r + 1));
}`,
    [statistics(context, code)],
  );
}

/** layerNorm: mean and reciprocal deviation of each row, then the elements. */
export function layerNorm(context: Context<LayerNormOp>): Draft {
  const c = channelCount(context.out.shape);
  const code = `
fn summary(r: i32, which: i32) -> f32 {
  var s: f32 = 0.0;
  ${overRow(c, 's = rnd(s + v);')}
  let mean: f32 = rnd(s / ${literal(c)});
  if (which == 0) { return mean; }
  var q: f32 = 0.0;
  ${overRow(c, 'let d: f32 = rnd(v - mean); q = rnd(q + rnd(d * d));')}
  return 1.0 / rnd(sqrt(rnd(rnd(q / ${literal(c)}) + ${literal(context.op.epsilon)})));
}`;
  const ref = statistics(context, code);
  return elementwise(
    'layer-norm',
    context,
    `fn elem(i: i32) -> f32 {
  let c: i32 = i % ${c};
  let r: i32 = (i / ${c}) * 2;
  return rnd(rnd(rnd(rnd(x0(i) - floatOf(w1(r))) * floatOf(w1(r + 1))) * floatOf(w2(c))) + floatOf(w3(c)));
}`,
    [ref, ...constants(context)],
  );
}
