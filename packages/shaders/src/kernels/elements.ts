// Ops on single elements that are no expressions.
import { channelCount, type AddOp, type QuantizeOp, type ThresholdOp, elementCount } from '@bitgrad/runtime';
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
