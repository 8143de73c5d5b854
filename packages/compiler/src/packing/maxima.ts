// Maxima of integers that are needed both as signs and as numbers: taken once, of the numbers.
import { createPlanBuilder, type Op, type OpDraft, type PackedModel } from '@bitgrad/runtime';

type Of<Name extends Op['op']> = Extract<Op, { op: Name }>;

const poolKey = (input: number, { kernel, strides, dilations, pads }: Of<'maxPool'>): string =>
  JSON.stringify([input, kernel, strides, dilations, pads]);

/** A max pool of levels, the threshold before it, and the pool of the integers that the threshold reads. */
interface Shared {
  threshold: Of<'threshold'>;
  whole: Of<'maxPool'>;
}

/** By the max pools of levels that have the same windows as one of the integers behind the levels. */
function findShared({ plan, weights }: PackedModel): Map<Op, Shared> {
  const readers = new Map<number, number>();
  const made = new Map<number, Op>();
  const pools = new Map<string, Of<'maxPool'>>();
  for (const op of plan.ops) {
    for (const x of op.inputs) readers.set(x, (readers.get(x) ?? 0) + 1);
    made.set(op.output, op);
    if (op.op === 'maxPool' && plan.buffers[op.output]!.type === 'i32')
      pools.set(poolKey(op.inputs[0]!, op), op);
  }
  const shared = new Map<Op, Shared>();
  for (const op of plan.ops) {
    if (op.op !== 'maxPool') continue;
    const threshold = made.get(op.inputs[0]!);
    if (threshold?.op !== 'threshold' || readers.get(threshold.output) !== 1) continue;
    const whole = pools.get(poolKey(threshold.inputs[0]!, op));
    const rises = (weights[threshold.weights[1]] as Uint32Array).every((flips) => flips === 0);
    if (whole && rises && threshold.output !== plan.output) shared.set(op, { threshold, whole });
  }
  return shared;
}

/**
 * The sign of a maximum is the maximum of the signs, and thresholds before a pool make levels, which pool cheapest. Where the
 * maximum of the integers is taken as well, for a shortcut, the threshold reads that instead: fewer rows, and one pool less.
 * Exact for integers, where no channel is flipped.
 * @returns the model itself where there are no such pools
 */
export function shareMaxima(model: PackedModel): PackedModel {
  const shared = findShared(model);
  if (shared.size === 0) return model;
  const { plan, weights, metadata } = model;
  const left = new Set<Op>([...shared.values()].map(({ threshold }) => threshold));
  const builder = createPlanBuilder();
  plan.weights.forEach(({ type, shape }, i) => builder.weight(type, shape, weights[i]!));
  const { type, shape } = plan.buffers[plan.input]!;
  const buffers = new Map([[plan.input, builder.buffer(type, shape)]]);
  const emit = ({ output, ...op }: Op): void => {
    // The pool of the integers comes earlier than it did.
    if (buffers.has(output)) return;
    const inputs = op.inputs.map((x) => buffers.get(x)!);
    buffers.set(output, builder.op({ ...op, inputs } as OpDraft, plan.buffers[output]!.shape));
  };
  for (const op of plan.ops) {
    const found = shared.get(op);
    if (found) {
      emit(found.whole);
      emit({ ...found.threshold, inputs: [found.whole.output], output: op.output });
    } else if (!left.has(op)) emit(op);
  }
  return builder.finish(buffers.get(plan.input)!, buffers.get(plan.output)!, metadata);
}
