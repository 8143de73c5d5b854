// Sums of products: what may be multiplied, what padded taps count for, and the bound that keeps integers exact.
import { accumulatorBound, exactInt32 } from '@bitgrad/bits';
import type { ElementType } from '../plan.js';
import { number, shift, type AttributesOf } from './attributes.js';
import { needType, type RuleArguments } from './define.js';

/** The attributes of products over padded windows. */
export const paddingAttributes = {
  /** Value of a padded tap; see {@link PaddedAccumulation}. Default 0. */
  padValue: number(0),
  /** Left shift of the sum over real taps; see {@link PaddedAccumulation}. Default 0. */
  shift,
};

/**
 * How padded taps and integer accumulators work.
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
 * multiply-add, no reassociation. Lanes are output channels, so SIMD can follow this order. Weights are
 * finite (checked), so adding a padded tap as 0 * w changes nothing.
 */
export type PaddedAccumulation = AttributesOf<typeof paddingAttributes>;

/** Type of the accumulators, after checking types, padding and the overflow bound of `terms` products. */
export function accumulatorType(
  { a, x, w, need }: RuleArguments<Partial<PaddedAccumulation>>,
  terms: number,
): ElementType {
  const [input, weight] = [x[0]!.type, w[0]!.type];
  needType(need, 'inputs[0]', x[0]!, ['bits', 'u8', 'f32']);
  needType(need, 'weights[0]', w[0]!, input === 'f32' ? ['bits', 'i8', 'f32'] : ['bits', 'i8']);
  const { padValue = 0, shift: by = 0 } = a;
  const maxPad = { bits: 1, u8: 65535, f32: 0 }[input as 'u8'];
  need(input === 'u8' || by === 0, 'shift', by, `0 with ${input} input`);
  need(
    Number.isInteger(padValue) && Math.abs(padValue) <= maxPad,
    'padValue',
    padValue,
    `an integer of magnitude at most ${maxPad} with ${input} input`,
  );
  if (input === 'f32') return 'f32';
  const most = Math.max(input === 'bits' ? 1 : 255 * 2 ** by, Math.abs(padValue));
  const bound = accumulatorBound(terms, most, weight === 'i8' ? 128 : 1);
  need(bound <= exactInt32, 'accumulator', bound, 'less than 2^31', 'overflow');
  return 'i32';
}
