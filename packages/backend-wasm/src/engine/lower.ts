// Lowers a plan to a program: walks the ops in order, keeps for each buffer the tensor that holds it, and lets
// elementwise ops join the group that makes their input.
import type { ConvOp, DenseOp, Op, OpReport, PackedModel } from '@bitgrad/runtime';
import { kit } from './kit.js';
import { copyTensor, reshaped } from './lower-copy.js';
import type * as Seldom from './lower-seldom.js';
import { lowerConvolution, pointWindow } from './lower-products.js';
import { lowerRowwise } from './lower-rowwise.js';
import { lowerPool } from './lower-windows.js';
import { createProgram, type Program, type Target } from './program.js';
import type * as Sums from './sums.js';
import { isDense, noBorder, tensor, type Border, type Tensor } from './tensors.js';
import type { TapWeights } from './weights.js';

/** A lowered plan. */
export interface Lowered {
  program: Program;
  input: Tensor;
  output: Tensor;
}

interface Context {
  program: Program;
  model: PackedModel;
  borders: Map<number, Border>;
  tensors: Tensor[];
  /** Ops that read each buffer. */
  readers: readonly (readonly number[])[];
  seldom: typeof Seldom | undefined;
}

/** Parts for ops that few models have, loaded with a model that has them. */
export interface Parts {
  /** For `add`. */
  sums?: typeof Sums | undefined;
  /** For {@link seldomOps}. */
  seldom?: typeof Seldom | undefined;
}

/** Ops that need `seldom`. */
export const seldomOps: readonly string[] = [
  'depthwise',
  'concat',
  'slice',
  'pad',
  'transpose',
  'constant',
  'matmul',
];

/** Borders that buffers need so that convolutions can read their padding. */
function bordersOf({ plan }: PackedModel): Map<number, Border> {
  const borders = new Map<number, Border>();
  for (const op of plan.ops) {
    if (op.op !== 'conv') continue;
    const [x] = op.inputs as [number];
    const binary =
      plan.buffers[x]!.type === 'bits' && plan.weights[op.weights[0]]!.type === 'bits' && op.groups === 1;
    if (!binary && plan.buffers[x]!.type !== 'f32') continue;
    const known = borders.get(x) ?? noBorder;
    borders.set(x, op.pads.map((p, i) => Math.max(p, known[i]!)) as unknown as Border);
  }
  return borders;
}

/** What became of an op; it has no output where another op makes one of it. */
interface LoweredOp {
  output?: Tensor;
  kernel: string;
  reason?: string;
}

/** Lowers a convolution or dense layer, and the threshold behind it where it alone reads the sums. */
function lowerSums(context: Context, op: ConvOp | DenseOp, w: TapWeights): LoweredOp {
  const { program, model, borders, tensors, readers } = context;
  const { plan, weights } = model;
  const [next, ...others] = readers[op.output]!;
  const threshold =
    next !== undefined && others.length === 0 && op.output !== plan.output ? plan.ops[next]! : op;
  const conv = op.op === 'conv';
  const borderOf = (buffer: number): Border => borders.get(buffer) ?? noBorder;
  const { decided, output, ...lowered } = lowerConvolution(program, tensors[op.inputs[0]!]!, {
    w,
    shape: plan.buffers[op.output]!.shape,
    window: conv ? op : pointWindow,
    padding: conv ? op : { padValue: 0, shift: 0 },
    groups: conv ? op.groups : 1,
    border: borderOf(op.output),
    ...(threshold.op === 'threshold' && {
      decision: {
        t: weights[threshold.weights[0]]!,
        flips: weights[threshold.weights[1]]!,
        output: tensor('bits', plan.buffers[threshold.output]!.shape, { border: borderOf(threshold.output) }),
      },
    }),
  });
  if (decided) tensors[threshold.output] = output;
  return { output, ...lowered };
}

/** Lowers one op; returns its output and what to report. */
function lowerOp(context: Context, op: Op): LoweredOp {
  const { program, model, borders, tensors, seldom } = context;
  const { buffers, weights: specs } = model.plan;
  const x = op.inputs.map((i) => tensors[i]!);
  const w = (op.weights ?? []).map((i) => model.weights[i]!);
  const { type, shape } = buffers[op.output]!;
  const border = borders.get(op.output) ?? noBorder;
  const output = (exact = false): Tensor => tensor(type, shape, { border, exact });
  const taps = (count: number, length: number): TapWeights => ({
    type: specs[op.weights![0]!]!.type,
    data: w[0]!,
    taps: count,
    length,
  });
  switch (op.op) {
    case 'conv':
      return lowerSums(context, op, taps(op.kernel[0] * op.kernel[1], x[0]!.c / op.groups));
    case 'dense':
      return lowerSums(context, op, taps(1, x[0]!.c));
    case 'maxPool':
    case 'avgPool': {
      const out = output();
      return { output: out, kernel: lowerPool(program, op, x[0]!, out) };
    }
    case 'reshape': {
      const out = reshaped(program, x[0]!, output());
      return { output: out, kernel: out.region === x[0]!.region ? 'alias' : 'copy' };
    }
    default: {
      const shapes = op.inputs.map((i) => buffers[i]!.shape);
      const from = { kit, program, inputs: x, shapes, shape, weights: w, taps, output };
      const lone = seldom?.lowerSeldom(op, from);
      if (lone) return lone;
      // A threshold may have been lowered with the sums that it reads.
      const done = tensors[op.output];
      if (done)
        return { output: done, kernel: `fused:${program.groups[program.writers.get(done.region)!]!.op}` };
      const lowered = lowerRowwise(program, op, x, w, output);
      return { output: lowered.output, kernel: lowered.fused || op.op };
    }
  }
}

/**
 * Lowers a valid model for the module that will run.
 * @param parts those that its ops need
 */
export function lower(
  model: PackedModel,
  target: Target,
  memoryBytes: number,
  { sums, seldom }: Parts,
): Lowered {
  const planes = sums?.findPlanes(model);
  const { plan } = model;
  const program = createProgram(target, memoryBytes);
  const tensors: Tensor[] = [];
  const borders = bordersOf(model);
  const readers: number[][] = plan.buffers.map(() => []);
  plan.ops.forEach(({ inputs }, index) => inputs.forEach((x) => readers[x]!.push(index)));
  const context: Context = { program, model, borders, tensors, readers, seldom };
  const { type, shape } = plan.buffers[plan.input]!;
  const input = tensor(type, shape, { exact: true });
  input.region.pinned = true;
  program.regions.push(input.region);
  tensors[plan.input] = input;
  plan.ops.forEach((op, index) => {
    program.op = index;
    const sum = planes?.sums.get(index);
    const whole = planes?.parts.get(index);
    const { output, kernel, reason } =
      whole !== undefined
        ? { kernel: `fused:${whole}` }
        : sum
          ? lowerSums(context, sum.op, sum.w)
          : lowerOp(context, op);
    if (output) tensors[op.output] = output;
    const report: OpReport = {
      index,
      op: op.op,
      ...(op.name !== undefined && { name: op.name }),
      kernel,
      ...(reason && { reason }),
    };
    program.reports.push(report);
  });
  const last = tensors[plan.output]!;
  const { h, w, c } = last;
  // What is read from outside has no gaps between its rows.
  const output = isDense(last)
    ? last
    : copyTensor(program, last, tensor(last.type, [h, w, c], { exact: true }));
  output.region.pinned = true;
  output.region.last = program.groups.length;
  sums?.fuse(program);
  return { program, input, output };
}
