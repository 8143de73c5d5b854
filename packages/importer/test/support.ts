// Small ONNX graphs, and the framework that they are compared with.
import { createRng } from '@bitgrad/bits';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import type { PackedModel } from '@bitgrad/runtime';
import * as ort from 'onnxruntime-node';
import { writeOnnx, type ModelDraft, type NodeDraft, type TensorDraft } from '../src/formats/onnx/write.js';
import { interpret, readModel, type ReadOptions } from '../src/index.js';

export const rng = (seed: number) => createRng(seed);

export const floats = (count: number, seed: number, range = 1): Float32Array => {
  const random = createRng(seed);
  return Float32Array.from({ length: count }, () => (2 * random.next() - 1) * range);
};

export const signs = (count: number, seed: number): Float32Array =>
  floats(count, seed).map((v) => (v < 0 ? -1 : 1));

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export const tensor = (name: string, shape: readonly number[], data?: ArrayLike<number>): TensorDraft => ({
  name,
  shape,
  data: Float32Array.from(data ?? floats(sizeOf(shape), name.length + sizeOf(shape))),
});

export const integers = (name: string, values: readonly number[]): TensorDraft => ({
  name,
  shape: [values.length],
  data: BigInt64Array.from(values.map(BigInt)),
});

/** A file of nodes, from `x` to the output of the last. */
export function file(
  shape: readonly number[],
  nodes: readonly NodeDraft[],
  tensors: readonly TensorDraft[] = [],
  more: Partial<ModelDraft> = {},
): Uint8Array {
  const output = { name: nodes.at(-1)!.output, shape: [] };
  return writeOnnx({
    name: 'test',
    input: { name: 'x', shape: [1, ...shape] },
    output,
    nodes,
    tensors,
    ...more,
  });
}

/** What onnxruntime makes of a file and an input. */
export async function byOnnxruntime(bytes: Uint8Array, shape: readonly number[], input: Float32Array) {
  const session = await ort.InferenceSession.create(bytes, {
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const { [session.outputNames[0]!]: y } = await session.run({
    [session.inputNames[0]!]: new ort.Tensor('float32', input, [1, ...shape]),
  });
  const result = Float32Array.from(y!.data as Iterable<number>, Number);
  await session.release();
  return result;
}

const readBytes = (bytes: Uint8Array, options: ReadOptions = {}) =>
  readModel([{ name: 'test.onnx', bytes }], options);

export async function interpreted(bytes: Uint8Array, input: ArrayLike<number>) {
  return interpret(await readBytes(bytes), input).data;
}

/** The output of a packed model. */
export async function run(model: PackedModel, input: Uint8Array | Float32Array) {
  const executable = await wasmEngine().compile(model);
  const output = await executable.runAsync(input as never);
  executable.dispose();
  return output;
}
