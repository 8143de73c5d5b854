// A plan read as what each new frame goes through, and as what an answer is made of.
import { failure } from '../fail.js';
import type { Op, Plan } from '../plan.js';
import { follow, type Past, type Time } from './time.js';

/** An op that runs on new frames. */
interface TimedOp {
  readonly op: Op;
  readonly past?: Past;
}

/** What {@link analyse} finds. */
export interface Analysis {
  /** By buffer, where time is; undefined for those without. */
  readonly times: readonly (Time | undefined)[];
  readonly timed: readonly TimedOp[];
  /** Ops on rows of all frames of an example; none where the output is rows itself. */
  readonly head: readonly Op[];
  /** The buffer whose rows are collected for the head: the output, where there is none. */
  readonly cut: number;
  /** Frames of the input that one run of the timed ops takes. */
  readonly frames: number;
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

const refusal = (why: string): Error =>
  failure('unsupported-op', {
    what: `a model that cannot run on frames as they come: ${why}`,
    expected: 'causal layers along the first axis, then at most one value that is collected over time',
    next: 'Such a net is kws-1d of @bitgrad/models. Others run on all frames of an example; of sound, soundStream gives them.',
  });

/**
 * Follows time, axis 0 of the input, through a plan: ops that can run on new frames alone do, up to where an example is
 * made one thing.
 * @throws BitgradError `unsupported-op` for an op that sees frames after its own, or where more than one value is collected
 */
export function analyse({ buffers, ops, input, output }: Plan): Analysis {
  const times: (Time | undefined)[] = buffers.map(() => undefined);
  times[input] = { axis: 0, stride: 1 };
  const timed: TimedOp[] = [];
  const head: Op[] = [];
  const late = new Set<number>();
  const cuts = new Set<number>();
  for (const op of ops) {
    const operands = op.inputs.map((i) => ({ spec: buffers[i]!, time: times[i] }));
    const isLate = op.inputs.some((i) => late.has(i));
    // Constants are made wherever they are read.
    if (!isLate && operands.every(({ time }) => !time)) continue;
    const found = isLate ? { collects: true } : follow(op, operands, buffers[op.output]!);
    if ('refused' in found)
      throw refusal(`${op.op} of layer "${op.name ?? 'without a name'}": ${found.refused}`);
    if ('time' in found) {
      times[op.output] = found.time;
      timed.push({ op, past: found.past });
      continue;
    }
    for (const i of op.inputs) if (times[i]) cuts.add(i);
    late.add(op.output);
    head.push(op);
  }
  const [cut = output] = cuts;
  if (cuts.size > 1) throw refusal(`${cuts.size} values would be collected over time`);
  if (cut === input || !times[cut]) throw refusal('no layer of it runs along time');
  // What only the other part reads would run for nothing.
  const needed = new Set([cut]);
  const kept = timed.toReversed().filter(({ op }) => needed.has(op.output) && op.inputs.every((i) => needed.add(i))); // prettier-ignore
  const strides = kept.map(({ op }) => times[op.output]!.stride);
  const frames = strides.reduce((all, s) => (all * s) / divisor(all, s), 1);
  return { times, timed: kept.reverse(), head, cut, frames };
}
