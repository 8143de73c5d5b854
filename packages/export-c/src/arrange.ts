// In which order the ops of a plan run, and which values need no memory of their own size.
//
// An op makes its output line by line (a line is an index of the first axis) and each line row by row. Ops that need only
// the same row of their input share a loop: between them a row is enough. Ops that look through a window need a few lines
// of what comes before: those are made just in time into a ring of lines. The rest need their inputs whole.
import { channelCount, elementCount, isElementwise, isRowwise, type Op, type Plan } from '@bitgrad/runtime';
import { wordBits } from './values.js';

/** Whether an op needs a row, a window or all of its first input. */
export function reachOf(op: Op): 'row' | 'window' | 'whole' {
  if (['conv', 'depthwise', 'maxPool', 'avgPool'].includes(op.op)) return 'window';
  const rowOps = ['dense', 'threshold', 'quantize', 'add'];
  return rowOps.includes(op.op) || isElementwise(op) || isRowwise(op) ? 'row' : 'whole';
}

/** Ops that run row by row in one loop; the first may look through a window. */
export interface Stage {
  readonly ops: number[];
  /** The buffer that the stage before makes line by line, and the number of that stage in the group. */
  feed?: { readonly buffer: number; readonly stage: number };
}

/** Stages that run together, the last of which makes a whole buffer; or one op that needs all of its inputs. */
export interface Group {
  readonly stages: Stage[];
}

/** A plan, arranged. */
export interface Arrangement {
  readonly groups: readonly Group[];
  /** The buffer whose memory a buffer shares: itself, or what it is only another shape of. */
  readonly root: readonly number[];
  /** The weight that a buffer is, of constants. */
  readonly constant: ReadonlyMap<number, number>;
  /** Buffers of which only a row, or a ring of lines, exists. */
  readonly streamed: ReadonlyMap<number, 'row' | 'lines'>;
  /** Groups that read a root buffer. */
  readonly readers: ReadonlyMap<number, readonly number[]>;
}

/** Ops that the output depends on. */
function neededOps(plan: Plan): Set<number> {
  const producer = new Map(plan.ops.map((op, i) => [op.output, i]));
  const needed = new Set<number>();
  const visit = (buffer: number): void => {
    const op = producer.get(buffer);
    if (op === undefined || needed.has(op)) return;
    needed.add(op);
    plan.ops[op]!.inputs.forEach(visit);
  };
  visit(plan.output);
  return needed;
}

/** Whether a reshape leaves the stored words as they are. */
function keepsWords(plan: Plan, op: Op): boolean {
  if (op.op !== 'reshape') return false;
  const [from, to] = [plan.buffers[op.inputs[0]!]!, plan.buffers[op.output]!];
  const [a, b] = [channelCount(from.shape), channelCount(to.shape)];
  if (from.type !== 'bits' || a === b) return true;
  return wordBits(a) === wordBits(b) && a % wordBits(a) === 0 && b % wordBits(b) === 0;
}

/** Buffers that need no copy: other shapes of one, and constants. */
function shared(plan: Plan, needed: ReadonlySet<number>): Pick<Arrangement, 'root' | 'constant'> {
  const root = plan.buffers.map((_, i) => i);
  const constant = new Map<number, number>();
  plan.ops.forEach((op, i) => {
    // What the user gets is written, never only pointed at.
    if (!needed.has(i) || op.output === plan.output) return;
    if (op.op === 'constant') constant.set(op.output, op.weights[0]);
    else if (keepsWords(plan, op)) root[op.output] = root[op.inputs[0]!]!;
  });
  return { root, constant };
}

/** The input that an op can take line by line or row by row from the op that makes it, if any. */
function streamedInput(plan: Plan, op: Op, streamable: (buffer: number) => boolean): number | undefined {
  if (reachOf(op) === 'whole') return undefined;
  const rows = elementCount(plan.buffers[op.inputs[0]!]!.shape);
  return op.inputs.find((input) => streamable(input) && elementCount(plan.buffers[input]!.shape) === rows);
}

/** Arranges a valid plan. */
export function arrange(plan: Plan): Arrangement {
  const needed = neededOps(plan);
  const { root, constant } = shared(plan, needed);
  const runs = (i: number): boolean =>
    needed.has(i) && root[plan.ops[i]!.output] === plan.ops[i]!.output && !constant.has(plan.ops[i]!.output);
  const order = [...plan.ops.keys()].filter(runs);
  const consumers = new Map<number, Set<number>>();
  for (const i of order)
    for (const input of plan.ops[i]!.inputs) {
      const of = root[input]!;
      consumers.set(of, (consumers.get(of) ?? new Set()).add(i));
    }
  const aliased = new Set(root.filter((of, i) => of !== i));
  const stageOf = new Map<number, { group: Group; stage: number }>();
  const streamable = (buffer: number): boolean =>
    stageOf.has(buffer) &&
    buffer !== plan.output &&
    !aliased.has(buffer) &&
    consumers.get(buffer)?.size === 1;
  const streamed = new Map<number, 'row' | 'lines'>();
  const groups: Group[] = [];
  for (const i of order) {
    const op = plan.ops[i]!;
    const reach = reachOf(op);
    const buffer = streamedInput(plan, op, streamable);
    const before = buffer === undefined ? undefined : stageOf.get(buffer)!;
    const group = before?.group ?? { stages: [] };
    if (!before) groups.push(group);
    let stage = before?.stage ?? 0;
    if (before && reach === 'row') group.stages[stage]!.ops.push(i);
    else {
      stage = group.stages.length;
      group.stages.push({ ops: [i], ...(before && { feed: { buffer: buffer!, stage: before.stage } }) });
    }
    if (buffer !== undefined) streamed.set(buffer, reach === 'row' ? 'row' : 'lines');
    if (reach !== 'whole') stageOf.set(op.output, { group, stage });
  }
  const last = (group: Group): number => group.stages.at(-1)!.ops.at(-1)!;
  groups.sort((a, b) => last(a) - last(b));
  const readers = new Map<number, number[]>();
  groups.forEach(({ stages }, at) => {
    for (const i of stages.flatMap(({ ops }) => ops))
      for (const input of plan.ops[i]!.inputs) {
        const of = root[input]!;
        readers.set(of, [...(readers.get(of) ?? []), at]);
      }
  });
  return { groups, root, constant, streamed, readers };
}
