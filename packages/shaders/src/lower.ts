// From a plan to kernels: renames reshapes that move nothing, splits wide concatenations, and lets a product do the
// threshold or affine that is alone in reading its result.
import { BitgradError, wordsPerRow } from '@bitgrad/bits';
import {
  channelCount,
  elementCount,
  isElementwise,
  isRowwise,
  rowCount,
  storageBytes,
  type BufferSpec,
  type ConvOp,
  type DenseOp,
  type DepthwiseOp,
  type Op,
  type PackedModel,
  type PlainName,
  type Plan,
} from '@bitgrad/runtime';
import type { Context, Draft, Input, Weight } from './kernels/context.js';
import { integerSum, quantize, threshold } from './kernels/elements.js';
import { avgPool, boxes, copyConstant, maxPool, reshape, transpose } from './kernels/moves.js';
import { matmul, product, type Epilogue } from './kernels/products.js';
import { rowKernel, valueKernel } from './kernels/value.js';
import type { ShaderKernel, Program, Ref } from './program.js';

/** What the engine wants. */
export interface LowerOptions {
  /** Whether a product of so many output positions and channels may pack its own thresholds. */
  fuseThreshold(positions: number, channels: number): boolean;
  /** Most bytes for constants; default no limit. */
  memoryBytes?: number;
}

type Products = ConvOp | DepthwiseOp | DenseOp;
const drafts: {
  [Name in Exclude<PlainName, Products['op'] | 'concat'>]: (
    context: Context<Extract<Op, { op: Name }>>,
  ) => Draft;
} = {
  add: integerSum,
  avgPool,
  constant: copyConstant,
  matmul,
  maxPool,
  pad: boxes,
  quantize,
  reshape,
  slice: boxes,
  threshold,
  transpose,
};

/** The kernel of an op that is no product and no concatenation. */
function draftOf(context: Context): Draft {
  const { op, out } = context;
  if (isElementwise(op) && out.type === 'f32') return valueKernel({ ...context, op });
  if (isRowwise(op)) return rowKernel({ ...context, op });
  return (drafts[op.op as keyof typeof drafts] as (context: Context) => Draft)(context);
}

const isProduct = (op: Op): op is Products => op.op === 'conv' || op.op === 'depthwise' || op.op === 'dense';

/** Inputs of a concatenation that one kernel reads: with its output within the 8 storage buffers of WebGPU. */
const WIDTH = 7;

const wordCount = ({ type, shape }: BufferSpec): number => Math.ceil(storageBytes(type, shape) / 4);

/** Whether a reshape changes no word. */
const keepsWords = (from: BufferSpec, to: BufferSpec): boolean => {
  const [a, b] = [channelCount(from.shape), channelCount(to.shape)];
  return from.type !== 'bits' || a === b || (a % 32 === 0 && b % 32 === 0);
};

/** The op that alone reads a buffer right after its product, if a product may include it. */
function epilogueOf(
  plan: Plan,
  op: Products,
  readers: readonly (readonly number[])[],
  { fuseThreshold }: LowerOptions,
): number | undefined {
  const [reader, ...others] = readers[op.output]!;
  if (reader === undefined || others.length > 0 || op.output === plan.output) return undefined;
  const next = plan.ops[reader]!;
  const { shape } = plan.buffers[op.output]!;
  const n = channelCount(shape);
  if (next.op === 'affine') return reader;
  if (
    next.op === 'threshold' &&
    op.op !== 'depthwise' &&
    !('groups' in op && op.groups > 1) &&
    fuseThreshold(elementCount(shape) / n, n)
  )
    return reader;
  return undefined;
}

const limitExceeded = (what: string, got: number, expected: string): BitgradError =>
  new BitgradError({ code: 'limit-exceeded', source: 'shaders', what, got, expected });

/** Kernels count elements, and levels of packed rows, in 32 bits. */
function checkPositions({ buffers }: Plan): void {
  buffers.forEach(({ type, shape }, i) => {
    const c = channelCount(shape);
    const positions = type === 'bits' ? rowCount(shape) * 32 * wordsPerRow(c) : elementCount(shape);
    if (positions >= 2 ** 31)
      throw limitExceeded(
        `elements of plan.buffers[${i}] on a GPU`,
        positions,
        'below 2^31, a row of levels being whole words',
      );
  });
}

/**
 * @returns the kernels of a valid model; integer results follow plan.ts bit for bit
 * @throws BitgradError `limit-exceeded`, before memory is taken
 */
export function lowerModel({ plan, weights }: PackedModel, options: LowerOptions): Program {
  const { memoryBytes = Infinity } = options;
  checkPositions(plan);
  const words = plan.buffers.map(wordCount);
  const storage = words.map((_, i) => i);
  const constants: Uint32Array[] = [];
  const kernels: ShaderKernel[] = [];
  const renamed: number[] = [];
  const done = new Set<number>();
  const readers: number[][] = words.map(() => []);
  plan.ops.forEach((op, at) => op.inputs.forEach((i) => readers[i]!.push(at)));
  let claimed = 0;
  const constant = (size: number, make: () => Uint32Array): Ref => {
    claimed += 4 * size;
    if (claimed > memoryBytes)
      throw limitExceeded('memory of the weights on a GPU', claimed, `at most ${memoryBytes} bytes`);
    return { constant: constants.push(make()) - 1 };
  };
  const newBuffer = (size: number): number => {
    storage.push(words.length);
    return words.push(size) - 1;
  };
  const inputOf = (i: number): Input => ({ ...plan.buffers[i]!, ref: { buffer: i } });
  const weightOf = (i: number): Weight => ({ ...plan.weights[i]!, data: weights[i]! });

  plan.ops.forEach((op, at) => {
    if (done.has(at)) return;
    const emit = (draft: Draft, write: number, fused: readonly number[] = []): void => {
      kernels.push({ ...draft, op: at, fused, write });
    };
    const context: Context = {
      op,
      x: op.inputs.map(inputOf),
      w: (op.weights ?? []).map(weightOf),
      out: plan.buffers[op.output]!,
      constant,
      temporary: (draft, size) => {
        const buffer = newBuffer(size);
        emit(draft, buffer);
        return { buffer };
      },
    };
    if (op.op === 'reshape' && op.inputs[0] !== plan.input && keepsWords(context.x[0]!, context.out)) {
      storage[op.output] = storage[op.inputs[0]!]!;
      renamed.push(at);
    } else if (isProduct(op)) {
      const next = epilogueOf(plan, op, readers, options);
      const follower = next === undefined ? undefined : plan.ops[next]!;
      const epilogue: Epilogue = {
        kind: follower ? (follower.op as 'affine' | 'threshold') : 'store',
        weights: (follower?.weights ?? []).map(weightOf),
      };
      emit(
        product(context as Context<Products>, epilogue),
        (follower ?? op).output,
        next === undefined ? [] : [next],
      );
      if (next !== undefined) done.add(next);
    } else if (op.op === 'concat') {
      const { axis } = op;
      let parts = context.x;
      while (parts.length > WIDTH) {
        const group = parts.slice(0, WIDTH);
        const size = group.reduce((sum, { shape }) => sum + shape[axis]!, 0);
        const out = {
          type: context.out.type,
          shape: context.out.shape.map((s, i) => (i === axis ? size : s)),
        };
        const buffer = newBuffer(wordCount(out));
        emit(boxes({ ...context, op, x: group, out }), buffer);
        parts = [{ ...out, ref: { buffer } }, ...parts.slice(WIDTH)];
      }
      emit(boxes({ ...context, op, x: parts }), op.output);
    } else emit(draftOf(context), op.output);
  });
  return { words, storage, input: plan.input, output: plan.output, constants, kernels, renamed };
}
