// A causal model as two plans that any engine runs: `step` takes new frames and what earlier ones left, and gives rows and
// what later ones need; `head` makes the output of the rows of an example.
import { check, failure } from '../fail.js';
import { createPlanBuilder, type OpDraft, type PlanBuilder } from '../builder.js';
import type { PackedModel } from '../model.js';
import type { BufferSpec, Op, Shape } from '../plan.js';
import { channelCount, elementCount } from '../tensors.js';
import { validateModel } from '../validate/model.js';
import { analyse, type Analysis } from './analysis.js';
import type { Past } from './time.js';

/** A model in two plans; see {@link splitModel}. */
export interface SplitModel {
  /** Input: a vector of the new frames and the state; output: float32, the rows and the next state. */
  readonly step: PackedModel;
  /** Frames that a step takes, and elements of each. */
  readonly frames: number;
  readonly frameSize: number;
  /** The state before anything was heard, as the step takes it: +-1 as bytes is 0 and 1. */
  readonly initial: Uint8Array | Float32Array;
  /** Whether an element of the state is +-1. */
  readonly signs: Uint8Array;
  /** Rows that a step gives, and elements of each. */
  readonly rows: number;
  readonly rowSize: number;
  /** From the last `window` rows to the output; undefined where the rows are the output. */
  readonly head?: PackedModel;
  readonly window: number;
}

/** What stands before the new rows of a buffer. */
interface State extends Past {
  readonly shape: Shape;
  readonly type: BufferSpec['type'];
}

const withSize = (shape: Shape, axis: number, size: number): number[] =>
  shape.map((s, i) => (i === axis ? size : s));

const ones = (n: number): Float32Array => new Float32Array(n).fill(1);

/** Puts ops of a model into another plan. */
function copier({ plan, weights }: PackedModel, builder: PlanBuilder) {
  const stored = new Map<number, number>();
  const weight = (i: number): number => {
    if (!stored.has(i))
      stored.set(i, builder.weight(plan.weights[i]!.type, plan.weights[i]!.shape, weights[i]!));
    return stored.get(i)!;
  };
  const made = new Map<number, number>();
  const bufferOf = (i: number): number => {
    const known = made.get(i);
    if (known !== undefined) return known;
    // Neither frames nor what comes of them: a constant.
    return copy(plan.ops.find(({ output }) => output === i)!);
  };
  /** @param shape of the result, and `inputs` where they are not the copies of its own */
  const copy = (op: Op, shape = plan.buffers[op.output]!.shape, more: object = {}): number => {
    const { output, ...draft } = op;
    const inputs = op.inputs.map(bufferOf);
    const own = op.weights && { weights: op.weights.map(weight) };
    const free = op.op === 'slice' || op.op === 'reshape' ? shape : undefined;
    const copied = builder.op({ ...draft, inputs, ...own, ...more } as OpDraft, free);
    made.set(output, copied);
    return copied;
  };
  return { made, bufferOf, copy };
}

/** Values of a vector: from `begin` on, of a shape. */
const part = (builder: PlanBuilder, vector: number, begin: number, shape: Shape): number =>
  builder.op({ op: 'reshape', inputs: [builder.op({ op: 'slice', inputs: [vector], begin: [begin] }, [elementCount(shape)])] }, shape); // prettier-ignore

/** +-1 of a part: of bytes 0 and 1, or of floats. */
function bitsOf(builder: PlanBuilder, buffer: number): number {
  const { type, shape } = builder.buffers[buffer]!;
  const n = channelCount(shape);
  const bytes = type === 'u8';
  const t = builder.weight(bytes ? 'i32' : 'f32', [n], bytes ? new Int32Array(n).fill(1) : new Float32Array(n)); // prettier-ignore
  // A byte 1 stands for -1, bit 1; a float below 0 as well.
  const words = new Uint32Array(Math.ceil(n / 32));
  if (bytes) for (let i = 0; i < n; i++) words[i >>> 5]! |= 1 << (i & 31);
  const flip = builder.weight('bits', [n], words);
  return builder.op({ op: 'threshold', inputs: [buffer], weights: [t, flip] });
}

/** Any values as a vector of floats. */
function vectorOf(builder: PlanBuilder, buffer: number): number {
  const { type, shape } = builder.buffers[buffer]!;
  const n = channelCount(shape);
  const weights = () => [builder.weight('f32', [n], ones(n)), builder.weight('f32', [n], new Float32Array(n))] as [number, number]; // prettier-ignore
  const floats = type === 'f32' ? buffer : builder.op({ op: 'affine', inputs: [buffer], weights: weights() });
  return builder.op({ op: 'reshape', inputs: [floats] }, [elementCount(shape)]);
}

/** Vectors one after another. */
function joined(builder: PlanBuilder, vectors: readonly number[]): number {
  if (vectors.length === 1) return vectors[0]!;
  const groups = Array.from({ length: Math.ceil(vectors.length / 64) }, (_, i) => vectors.slice(64 * i, 64 * i + 64)); // prettier-ignore
  const whole = groups.map((group) =>
    group.length === 1 ? group[0]! : builder.op({ op: 'concat', inputs: group, axis: 0 }),
  );
  return joined(builder, whole);
}

/** The type of a step's input: bytes where all that it holds are bytes and bits. */
function inputType({ plan }: PackedModel, { timed }: Analysis): 'u8' | 'f32' {
  const { type } = plan.buffers[plan.input]!;
  if (type === 'f32') return 'f32';
  const real = timed.find(({ op, past }) => past && plan.buffers[op.inputs[0]!]!.type === 'f32');
  if (!real) return 'u8';
  const integers = plan.ops.find((op) => op.op !== 'affine' && op.inputs.includes(plan.input));
  if (integers)
    throw failure('unsupported-op', {
      what: `bytes for ${integers.op} of layer "${integers.name ?? ''}" beside real values that layer "${real.op.name ?? ''}" keeps`,
      next: 'Compile with input f32, or with the first layer in floats.',
    });
  return 'f32';
}

/** The plan of new frames. */
function stepOf(model: PackedModel, analysis: Analysis) {
  const { plan } = model;
  const { times, timed, cut, frames } = analysis;
  const { shape } = plan.buffers[plan.input]!;
  const frameSize = elementCount(shape) / shape[0]!;
  const states: State[] = timed.flatMap(({ op, past }) => {
    const { type, shape } = plan.buffers[op.inputs[0]!]!;
    return past ? [{ ...past, type, shape: withSize(shape, times[op.inputs[0]!]!.axis, past.rows) }] : [];
  });
  const builder = createPlanBuilder();
  const { made, bufferOf, copy } = copier(model, builder);
  const total = states.reduce((sum, state) => sum + elementCount(state.shape), frames * frameSize);
  const input = builder.buffer(inputType(model, analysis), [total]);
  made.set(plan.input, part(builder, input, 0, [frames, ...shape.slice(1)]));
  let [at, next] = [frames * frameSize, 0];
  const kept: number[] = [];
  for (const { op, past } of timed) {
    const time = times[op.output]!;
    const size = withSize(plan.buffers[op.output]!.shape, time.axis, frames / time.stride);
    if (!past || !('kernel' in op)) {
      copy(op, size);
      continue;
    }
    const state = states[next++]!;
    const { axis } = times[op.inputs[0]!]!;
    const read = part(builder, input, at, state.shape);
    at += elementCount(state.shape);
    const earlier = state.type === 'bits' ? bitsOf(builder, read) : read;
    const x = builder.op({ op: 'concat', inputs: [earlier, bufferOf(op.inputs[0]!)], axis });
    const rows = builder.buffers[x]!.shape;
    const begin = withSize(rows.map(() => 0), axis, rows[axis]! - past.rows); // prettier-ignore
    kept.push(builder.op({ op: 'slice', inputs: [x], begin }, state.shape));
    copy(op, size, { inputs: [x], pads: op.pads.map((p, i) => (i % 2 === axis ? 0 : p)) });
  }
  const written = [bufferOf(cut), ...kept].map((buffer) => vectorOf(builder, buffer));
  const step = validateModel(builder.finish(input, joined(builder, written)));
  return { step, states, frameSize, type: builder.buffers[input]!.type };
}

/** The plan from rows to the output. */
function headOf(model: PackedModel, { head, cut }: Analysis): PackedModel | undefined {
  const { plan, metadata } = model;
  if (head.length === 0) return undefined;
  const { type, shape } = plan.buffers[cut]!;
  check(type === 'f32' || type === 'bits', 'unsupported-op', `rows of type ${type} that layer "${head[0]!.name ?? ''}" collects`, type, 'f32 or bits'); // prettier-ignore
  const builder = createPlanBuilder();
  const { made, bufferOf, copy } = copier(model, builder);
  const input = builder.buffer('f32', shape);
  made.set(cut, type === 'bits' ? bitsOf(builder, input) : input);
  for (const op of head) copy(op);
  return validateModel(builder.finish(input, bufferOf(plan.output), metadata));
}

/** The state before anything was heard, and which elements of it are signs. */
function beginning(states: readonly State[], type: string): Pick<SplitModel, 'initial' | 'signs'> {
  const all = states.flatMap(({ shape, value, type: own }) =>
    Array.from({ length: elementCount(shape) }, () => ({ value, sign: own === 'bits' })),
  );
  const signs = Uint8Array.from(all, ({ sign }) => Number(sign));
  if (type === 'f32') return { signs, initial: Float32Array.from(all, ({ value }) => value) };
  return { signs, initial: Uint8Array.from(all, ({ value, sign }) => (sign ? Number(value < 0) : value)) };
}

/**
 * Splits a causal model whose input's first axis is time. Run on the frames of an example from the beginning, both plans
 * give the output of the model, bit for bit; run on, they have the frames before an example where the model has padding.
 * @throws BitgradError `unsupported-op` for models that are not causal, or keep what no engine takes as input
 */
export function splitModel(model: PackedModel): SplitModel {
  const { plan } = model;
  const analysis = analyse(plan);
  const { step, states, frameSize, type } = stepOf(model, analysis);
  const { axis, stride } = analysis.times[analysis.cut]!;
  const { shape, type: kind } = plan.buffers[analysis.cut]!;
  check(analysis.head.length > 0 || kind === 'f32', 'unsupported-op', 'type of the output of each frame', kind, 'f32'); // prettier-ignore
  check(elementCount(shape.slice(0, axis)) === 1, 'unsupported-op', 'rows that are collected', shape, 'time as their first axis'); // prettier-ignore
  const rowSize = elementCount(shape) / shape[axis]!;
  const head = headOf(model, analysis);
  return {
    step,
    frames: analysis.frames,
    frameSize,
    ...beginning(states, type),
    rows: analysis.frames / stride,
    rowSize,
    ...(head && { head }),
    window: head ? shape[axis]! : analysis.frames / stride,
  };
}
