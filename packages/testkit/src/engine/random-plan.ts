// Random valid plans for tests of engines and of the format. Float values are multiples of a power of two, and
// `quantum` and `max` of every buffer are followed, so that all float32 sums of the plans are exact: any order
// of evaluation and the double-precision oracle give the same numbers. Buffers behind a rounding op are marked
// and go only to ops whose result does not depend on an order.
import type { PackedModel } from '@bitgrad/runtime';
import { elements } from './growers/elements.js';
import { moves } from './growers/moves.js';
import { count, growingPlan, last, sourceOf, type Grower, type GrowingPlan } from './growers/plan.js';
import { products } from './growers/products.js';
import { testRandom } from './random.js';

/** A random model with an input. */
export interface RandomPlan extends PackedModel {
  input: Uint8Array | Float32Array;
  /** Whether the output is exact (equal bit for bit to the oracle). */
  exact: boolean;
}

const growers: Readonly<Record<string, Grower>> = { ...products, ...elements, ...moves };
/** Convolutions and thresholds are what engines spend most of their code on. */
const kinds = [...Object.keys(growers), 'conv', 'threshold'];
/** What keeps an approximate value as it is. */
const moving = ['reshape', 'transpose', 'slice'];

/** Appends one op that reads buffer `i`, if the chosen kind fits. */
function grow(plan: GrowingPlan, i: number): void {
  const x = sourceOf(plan, i);
  growers[plan.random.pick(x.approximate ? moving : kinds)]!(plan, x);
}

/**
 * A random plan with its weights and one random input.
 * @param seed decides everything
 * @param opCount ops wanted, besides a final conversion to float
 */
export function randomPlan(seed: number, opCount = 6): RandomPlan {
  const random = testRandom(seed);
  const { int, pick } = random;
  const plan = growingPlan(random);
  const type = pick(['u8', 'f32'] as const);
  const shape = pick([
    () => [int(1, 7), int(1, 7), pick([1, 2, 3, 31, 32, 33, 64])],
    () => [int(2, 8), pick([3, 8, 33])],
    () => [pick([1, 31, 32, 33, 127])],
  ])();
  plan.builder.buffer(type, shape);
  plan.known.push(type === 'u8' ? { max: 255, quantum: 1 } : { max: 4, quantum: 0.25 });
  for (let attempts = 0; plan.known.length <= opCount && attempts < 400; attempts++)
    grow(plan, int(0, 2) === 0 ? int(0, plan.known.length - 1) : plan.known.length - 1);
  const end = sourceOf(plan, plan.known.length - 1);
  if ((end.type !== 'f32' && end.type !== 'i32') || end.index === 0)
    plan.op(
      { op: 'affine', inputs: [end.index], weights: plan.channelwise(last(end.shape), 2) },
      { max: 1, quantum: 0, approximate: end.approximate },
    );
  const n = count(shape);
  return {
    ...plan.builder.finish(0, plan.known.length - 1, { name: `random ${seed}` }),
    input:
      type === 'u8'
        ? Uint8Array.from({ length: n }, () => int(0, 255))
        : Float32Array.from({ length: n }, () => int(-16, 16) / 4),
    exact: !plan.known.at(-1)!.approximate,
  };
}
