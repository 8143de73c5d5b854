// The portable engine: plain JavaScript over typed arrays, the reference that other engines are compared with.
// Everything is allocated when a model is compiled; an inference allocates nothing but its result.
import { asDefault } from '../default-engine.js';
import { checkCompileOptions, oneThread } from '../compile-options.js';
import { failure } from '../fail.js';
import {
  dirtyMemory,
  type Engine,
  type ExecutableOptions,
  type Executable,
  type InputArray,
  type OpReport,
  type OutputArray,
} from '../engine.js';
import type { PackedModel } from '../model.js';
import type { BufferSpec, Op, Plan } from '../plan.js';
import { resultFor } from '../run.js';
import { channelCount, elementCount, planArena, storageBytes, viewOf } from '../tensors.js';
import { convStep } from './conv.js';
import { depthwiseStep } from './depthwise.js';
import { integerSumStep, matmulStep, quantizeStep, thresholdStep } from './elementwise.js';
import { avgPoolStep, maxPoolStep } from './pool.js';
import { boxesStep, constantStep, reshapeStep, transposeStep } from './shape.js';
import type { Step, StepArguments } from './step.js';
import { blockOf, registersOf, rowStep, valueStep } from './value.js';
import { isElementwise, isRowwise, type PlainName } from '../ops/values.js';

/** Steps of the ops that are no expressions, and of `add` on integers. */
const steps: { [Name in PlainName]: (args: StepArguments<Extract<Op, { op: Name }>>) => Step } = {
  add: integerSumStep,
  avgPool: avgPoolStep,
  concat: boxesStep,
  constant: constantStep,
  conv: convStep,
  dense: convStep,
  depthwise: depthwiseStep,
  matmul: matmulStep,
  maxPool: maxPoolStep,
  pad: boxesStep,
  quantize: quantizeStep,
  reshape: reshapeStep,
  slice: boxesStep,
  threshold: thresholdStep,
  transpose: transposeStep,
};

/** What makes the step of an op. */
function makerOf(op: Op, { type }: BufferSpec): (args: StepArguments) => Step {
  const expression = isElementwise(op) && type === 'f32' ? valueStep : isRowwise(op) ? rowStep : undefined;
  return (expression ?? steps[op.op as PlainName]) as (args: StepArguments) => Step;
}

/** At least what a step allocates: expanded weights, an unpacked input, a patch with tap positions, sums by tap. */
function scratchBound({ buffers, weights }: Plan, op: Op): number {
  const out = buffers[op.output]!;
  if ('kernel' in op && !('padValue' in op))
    return 4 * op.kernel[0] * op.kernel[1] + 4 * channelsOf(buffers, op) + 1024;
  const channels = channelCount(out.shape);
  if ((isElementwise(op) || isRowwise(op)) && out.type === 'f32')
    return 4 * Math.min(elementCount(out.shape), blockOf(channels)) * registersOf(op, channels) + 1024;
  if (op.op !== 'conv' && op.op !== 'dense' && op.op !== 'depthwise')
    return op.op === 'threshold' ? channelsOf(buffers, op) + 1024 : 1024;
  const x = buffers[op.inputs[0]!]!;
  const w = weights[op.weights[0]]!;
  const count = elementCount(w.shape);
  const [terms, sums] =
    op.op === 'depthwise' ? [count, 0] : [count / w.shape[0]!, op.op === 'conv' ? count / w.shape[3]! : 0];
  const expanded = w.type === 'f32' && op.op !== 'depthwise' ? 0 : count * (x.type === 'f32' ? 4 : 1);
  const unpacked = x.type === 'bits' ? elementCount(x.shape) : 0;
  return expanded + unpacked + 8 * terms + (x.type === 'f32' ? 0 : 4 * sums) + 1024;
}

const channelsOf = (buffers: Plan['buffers'], op: Op): number => channelCount(buffers[op.output]!.shape);

function compile({ plan, weights }: PackedModel, options: ExecutableOptions): Executable {
  const arena = planArena(plan);
  const weightBytes = plan.weights.reduce((sum, { type, shape }) => sum + storageBytes(type, shape), 0);
  const bound = plan.ops.reduce((sum, op) => sum + scratchBound(plan, op), arena.bytes + weightBytes);
  if (bound > (options.memoryBytes ?? Infinity))
    throw failure('limit-exceeded', {
      what: 'memory of the model',
      got: bound,
      expected: `at most ${options.memoryBytes} bytes`,
      next: 'Raise the limit memoryBytes if you trust the file.',
    });
  const memory = new ArrayBuffer(arena.bytes);
  const buffers = plan.buffers.map((spec, i) => ({
    ...spec,
    data: viewOf(spec.type, spec.shape, memory, arena.offsets[i]!),
  }));
  let owned = 0;
  const compiled = plan.ops.map((op) => {
    const step = makerOf(
      op,
      buffers[op.output]!,
    )({
      op,
      x: op.inputs.map((i) => buffers[i]!),
      w: (op.weights ?? []).map((i) => ({ ...plan.weights[i]!, data: weights[i]! })),
      out: buffers[op.output]!,
    });
    owned += step.bytes ?? 0;
    return step;
  });
  const ops = compiled.map(({ kernel }, index): OpReport => {
    const { op, name } = plan.ops[index]!;
    return { index, op, ...(name !== undefined && { name }), kernel };
  });
  return executable(plan, memory, buffers, compiled, {
    engine: 'js',
    ...oneThread(options, 'the JavaScript engine has one thread'),
    arenaBytes: arena.bytes,
    weightBytes: weightBytes + owned,
    ops,
  });
}

function executable(
  plan: PackedModel['plan'],
  memory: ArrayBuffer,
  buffers: readonly StepArguments['out'][],
  compiled: readonly Step[],
  report: ReturnType<Executable['report']>,
): Executable {
  const source = buffers[plan.input]!;
  const target = buffers[plan.output]!;
  let live: readonly Step[] | undefined = compiled;
  const [inputSize, outputSize] = [elementCount(source.shape), elementCount(target.shape)];
  const run = (input: InputArray, output?: OutputArray): OutputArray => {
    if (!live) throw failure('disposed', { what: 'the model was disposed', next: 'Load it again.' });
    const result = resultFor(plan, input, output);
    const n = input.length / inputSize;
    for (let example = 0; example < n; example++) {
      for (let i = 0; i < inputSize; i++) source.data[i] = input[example * inputSize + i]!;
      for (const step of live) step.run();
      for (let i = 0; i < outputSize; i++) result[example * outputSize + i] = target.data[i]!;
    }
    return result;
  };
  return {
    synchronous: true,
    run,
    runAsync: async (input, output) => run(input, output),
    report: () => report,
    dispose: () => {
      live = undefined;
    },
    [dirtyMemory]: (fill) => fill(new Uint8Array(memory)),
  };
}

/**
 * The portable JavaScript engine: runs everywhere, needs nothing, one thread.
 * @returns an engine named `js`; its float32 results follow plan.ts bit for bit
 */
export const jsEngine: () => Engine = /* @__PURE__ */ asDefault(() =>
  Object.freeze({
    name: 'js',
    probe: async () => ({ available: true, reason: '', features: {} }),
    compile: async (model: PackedModel, given?: ExecutableOptions) => {
      const options = checkCompileOptions('runtime', model, given);
      options.signal?.throwIfAborted();
      try {
        return compile(model, options);
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        throw failure('limit-exceeded', { what: 'memory of the model: the allocation failed', cause });
      }
    },
  }),
);
