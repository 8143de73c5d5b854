// Lowers a plan to a program: walks the ops in order, keeps for each buffer the tensor that holds it, and lets
// elementwise ops join the group that makes their input.
import type { AvgPoolOp, MaxPoolOp, Op, OpReport, PackedModel } from '@bitgrad/runtime';
import { family, windows } from './opcodes.js';
import { concatenated, paddedWith, reshaped, sliced, transposed } from './lower-copy.js';
import { lowerRowwise, widened } from './lower-rowwise.js';
import { lowerConvolution, lowerDepthwise, lowerMatmul, windowWords } from './lower-products.js';
import {
  constant,
  createProgram,
  emit,
  openGroup,
  view,
  type Program,
  type Target,
  type Word,
} from './program.js';
import { layOut, noBorder, rowsOf, tensor, type Border, type Tensor } from './tensors.js';
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
}

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

const noView: readonly Word[] = [0, 0, 0, 0];

function lowerPool(program: Program, op: MaxPoolOp | AvgPoolOp, input: Tensor, output: Tensor): string {
  const max = op.op === 'maxPool';
  const x = max ? input : widened(program, input);
  x.region.pinned = true;
  const kind = max ? windows.max[x.type as 'bits'] : x.type === 'f32' ? windows.meanF32 : windows.meanI32;
  const group = openGroup(program, rowsOf(output), output.c, { divisible: false });
  emit(
    program,
    group,
    family.windows + kind,
    [...noView, ...noView, ...view(output), ...windowWords(x, output, op)],
    [x],
    output,
  );
  return max ? (x.type === 'bits' ? 'packed-max' : 'max') : 'mean';
}

/** Lowers one op; returns its output and what to report. */
function lowerOp(context: Context, op: Op): { output: Tensor; kernel: string; reason?: string } {
  const { program, model, borders, tensors } = context;
  const { buffers, weights: specs } = model.plan;
  const x = op.inputs.map((i) => tensors[i]!);
  const shapes = op.inputs.map((i) => buffers[i]!.shape);
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
      return lowerConvolution(
        program,
        x[0]!,
        taps(op.kernel[0] * op.kernel[1], x[0]!.c / op.groups),
        shape,
        op,
        op,
        op.groups,
        border,
      );
    case 'dense':
      return lowerConvolution(
        program,
        x[0]!,
        taps(1, x[0]!.c),
        shape,
        undefined,
        { padValue: 0, shift: 0 },
        1,
        border,
      );
    case 'depthwise':
      return lowerDepthwise(
        program,
        x[0]!,
        taps(op.kernel[0] * op.kernel[1], 1),
        shape,
        op,
        op.multiplier,
        op,
        border,
      );
    case 'matmul':
      return lowerMatmul(program, x[0]!, x[1]!, shape, op.transposeB);
    case 'maxPool':
    case 'avgPool': {
      const out = output();
      return { output: out, kernel: lowerPool(program, op, x[0]!, out) };
    }
    case 'concat':
      return { output: concatenated(program, x, output(), shapes, shape, op.axis), kernel: 'copy' };
    case 'slice':
      return { output: sliced(program, x[0]!, output(), shapes[0]!, shape, op.begin), kernel: 'copy' };
    case 'pad':
      return {
        output: paddedWith(program, x[0]!, output(), shapes[0]!, shape, op.before, op.value),
        kernel: 'copy',
      };
    case 'transpose':
      return { output: transposed(program, x[0]!, output(), op.permutation, shapes[0]!), kernel: 'copy' };
    case 'reshape': {
      const out = reshaped(program, x[0]!, output());
      return { output: out, kernel: out.region === x[0]!.region ? 'alias' : 'copy' };
    }
    case 'constant': {
      const out = output();
      out.region.base = constant(program, layOut(out, w[0]!));
      return { output: out, kernel: 'constant' };
    }
    default: {
      const lowered = lowerRowwise(program, op, x, w, output);
      return { output: lowered.output, kernel: lowered.fused || op.op };
    }
  }
}

/** Lowers a valid model for the module that will run. */
export function lower(model: PackedModel, target: Target): Lowered {
  const { plan } = model;
  const program = createProgram(target);
  const tensors: Tensor[] = [];
  const borders = bordersOf(model);
  const context: Context = { program, model, borders, tensors };
  const { type, shape } = plan.buffers[plan.input]!;
  const input = tensor(type, shape, { exact: true });
  input.region.pinned = true;
  program.regions.push(input.region);
  tensors[plan.input] = input;
  plan.ops.forEach((op, index) => {
    program.op = index;
    const { output, kernel, reason } = lowerOp(context, op);
    tensors[op.output] = output;
    const report: OpReport = {
      index,
      op: op.op,
      ...(op.name !== undefined && { name: op.name }),
      kernel,
      ...(reason && { reason }),
    };
    program.reports.push(report);
  });
  const output = tensors[plan.output]!;
  output.region.pinned = true;
  output.region.last = program.groups.length;
  return { program, input, output };
}
