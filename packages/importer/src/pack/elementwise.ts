// Functions of each element in the plan: pending until someone needs the result, so that a quantizer folds them into
// thresholds.
import type { OpDraft } from '@bitgrad/runtime';
import { withChannelwise, type Lowered, type RowFunction } from '@bitgrad/compiler/packing';
import { broadcast, expanded, transposed, type SourceNode, type Tensor } from '../graph.js';
import { failure, unsupported } from '../fail.js';
import { arranged, asFloat, plain, sourceOrder, unfolded, type Packed, type PackContext } from './packed.js';

/** A function of an element and of constants: one number each, or one a channel of the plan. */
export interface PackedFunction {
  f(x: number, ...constants: number[]): number;
  readonly constants: readonly (readonly number[])[];
  /**
   * As float ops, from the constants with a number a channel.
   * @returns undefined for a step function: its steps are found by probing
   */
  lowered(constants: readonly number[][]): readonly Lowered[] | undefined;
  /** The values that a step function takes, ascending; the same in every channel. */
  readonly levels?: readonly number[];
}

/** A constant as one number, or one a channel of the plan; undefined where it differs along another axis. */
export function channelNumbers({ shape, data }: Tensor, x: Packed): readonly number[] | undefined {
  if (data.length === 1) return Array.from(data);
  const missing = x.shape.length - shape.length;
  if (missing < 0) return undefined;
  const channels = x.axes.at(-1)!;
  const size = x.shape[channels]!;
  if (data.length !== size || (shape[channels - missing] ?? 1) !== size) return undefined;
  return x.from ? sourceOrder(x.from).map((i) => data[i]!) : Array.from(data);
}

const most = 4096;
const distinct = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);

/** What becomes of levels, where it is the same in every channel. */
function mappedLevels(
  levels: readonly number[],
  f: PackedFunction['f'],
  constants: PackedFunction['constants'],
): readonly number[] | undefined {
  const channels = constants.reduce((n, list) => Math.max(n, list.length), 1);
  let first: readonly number[] | undefined;
  for (let c = 0; c < channels; c++) {
    const own = distinct(
      levels.map((v) => f(v, ...constants.map((list) => list[list.length === 1 ? 0 : c]!))),
    );
    first ??= own;
    if (own.length !== first.length || own.some((v, i) => v !== first![i])) return undefined;
  }
  return first;
}

/** The value with a function of each element. */
export function withFunction(
  given: Packed,
  name: string,
  { f, constants, lowered, levels }: PackedFunction,
  context: PackContext,
): Packed {
  const uniform = constants.every((list) => list.length === 1);
  const x = uniform ? given : unfolded(given, context);
  const channels = x.value.shape.at(-1)!;
  // Of each channel, or of all: a probe asks for a million values.
  const own = Array.from({ length: uniform ? 1 : channels }, (_, c) =>
    constants.map((list) => list[list.length === 1 ? 0 : c]!),
  );
  const apply: RowFunction = (values) => {
    const y = new Float64Array(values.length);
    for (let i = 0; i < y.length; i++) y[i] = f(values[i]!, ...own[i % own.length]!);
    return y;
  };
  const full = constants.map((list) =>
    list.length === 1 ? Array<number>(channels).fill(list[0]!) : [...list],
  );
  const found = (x.levels && mappedLevels(x.levels, f, constants)) ?? levels;
  const ops = lowered(full);
  if (!ops && !found)
    throw failure('unsupported-op', {
      what: `node "${name}" is no function that a packed model has`,
      next: 'Use sums, products, comparisons, quantizers or activations of the README.',
    });
  const steps = ops ?? [{ kind: 'steps' as const, steps: { apply, levels: found!, perChannel: !uniform } }];
  const value = withChannelwise(x.value, { name, apply, lowered: steps });
  const { levels: _, ...rest } = x;
  return { ...rest, value, ...(found && found.length <= most ? { levels: found } : {}) };
}

/** A constant as a buffer of the plan, with the order of axes that another value has. */
function constantLike(t: Tensor, x: Packed, node: SourceNode, context: PackContext): number {
  if (!broadcast(t.shape, x.shape)?.every((size, i) => size === x.shape[i]))
    unsupported(node, `joins a value of shape [${x.shape.join(', ')}] with a larger constant, [${t.shape.join(', ')}]`, 'Give the constant the shape of the value, or one that broadcasts to it.'); // prettier-ignore
  const whole = { shape: x.shape, data: expanded(t, x.shape) };
  const plan = transposed(
    { ...whole, shape: x.shape.slice(1) },
    x.axes.map((axis) => axis - 1),
  );
  const weight = context.builder.weight('f32', plan.shape, Float32Array.from(plan.data));
  return context.builder.op({ op: 'constant', name: node.name, inputs: [], weights: [weight] });
}

/** Sum or product of two values in float32; one of them may be a constant of any shape that broadcasts to the other's. */
export function joined(
  op: 'add' | 'mul',
  a: Packed,
  b: Packed | Tensor,
  node: SourceNode,
  context: PackContext,
): Packed {
  const { builder } = context;
  const write = (draft: OpDraft, like: Packed): Packed =>
    plain(context, builder.op(draft), like.shape, like.axes);
  if ('data' in b) {
    const x = asFloat(inSourceOrder(a, context), context);
    const inputs = [x.value.buffer, constantLike(b, x, node, context)];
    return write({ op, name: node.name, inputs }, x);
  }
  const result = broadcast(a.shape, b.shape)!;
  const [large, small] = [a, b].sort(
    (p, q) => q.value.shape.length - p.value.shape.length || sizes(q) - sizes(p),
  ) as [Packed, Packed];
  if (large.shape.length !== small.shape.length || !result.every((size, i) => size === large.shape[i]))
    unsupported(node, `joins the shapes [${a.shape.join(', ')}] and [${b.shape.join(', ')}]`, 'Join values of one shape, or with one value a channel.'); // prettier-ignore
  const x = asFloat(inSourceOrder(large, context), context);
  const y = asFloat(arranged(small, x.axes, context), context);
  return write({ op, name: node.name, inputs: [x.value.buffer, y.value.buffer] }, x);
}

const sizes = ({ shape }: Packed): number => shape.reduce((p, n) => p * n, 1);
const inSourceOrder = (x: Packed, context: PackContext): Packed =>
  x.from ? arranged(x, x.axes, context) : x;
