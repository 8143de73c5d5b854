// A started backend under test, and how ops run on it.
import * as tf from '@tensorflow/tfjs-core';
import { createRng, type BackendAdapter } from '@bitgrad/core';
import { expectCloseInScale } from '../compare.js';

/** A backend that {@link trainingBackendCases} are run on. Its adapter is started. */
export interface TrainingSession {
  readonly adapter: BackendAdapter;
  /** Makes another adapter of the same kind, for the cases about starting and disposing. */
  create(): BackendAdapter;
  /** Largest error of a value or gradient, relative to the largest magnitude of its tensor. Default 1e-5. */
  readonly tolerance?: number;
}

/** Contents of a float32 tensor. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Numbers in a tensor of a shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, d) => product * d, 1);

/** Normal values around a mean, decided by the label. */
export function normal(label: string, shape: readonly number[], mean = 0): Values {
  const rng = createRng(4022).fork(label);
  return { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => mean + rng.normal()) };
}

/** Values that are exactly +1 and -1. */
export const signs = (label: string, shape: readonly number[]): Values => {
  const { values } = normal(label, shape);
  return { shape, values: values.map((v) => (v < 0 ? -1 : 1)) };
};

/** A tensor of given contents. */
export const tensorOf = ({ values, shape }: Values): tf.Tensor => tf.tensor(values, [...shape], 'float32');

/** Runs f and reads its results; everything is disposed. Backends that read asynchronously are welcome. */
export async function run(
  f: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
  inputs: readonly Values[],
): Promise<Float32Array[]> {
  const tensors = inputs.map(tensorOf);
  const results = [tf.tidy(() => f(...tensors))].flat();
  try {
    return await Promise.all(results.map(async (t) => (await t.data()) as Float32Array));
  } finally {
    tf.dispose([...tensors, ...results]);
  }
}

/** A differentiable op with what it should give. */
export interface OpTrial {
  readonly label: string;
  readonly inputs: readonly Values[];
  f(...inputs: tf.Tensor[]): tf.Tensor;
  /** The value in float64, from the inputs' numbers. */
  value(): ArrayLike<number>;
  /** The gradient of each input for the gradient dy of the value; default: gradients are not compared. */
  gradients?(dy: Float64Array): readonly ArrayLike<number>[];
}

/** @throws BitgradError `verification-failed` where the value or a gradient is off */
export async function checkOp(trial: OpTrial, { tolerance = 1e-5 }: TrainingSession): Promise<void> {
  const { label, inputs, f, gradients } = trial;
  const want = trial.value();
  const [value] = await run(f, inputs);
  expectCloseInScale(`value of ${label}`, value!, want, tolerance);
  if (!gradients) return;
  const dy = normal(`dy of ${label}`, [want.length]).values;
  const results = await run((...tensors) => {
    const { shape } = f(...tensors);
    return tf.grads(f)(tensors, tf.reshape(tf.tensor1d(dy), shape));
  }, inputs);
  const wanted = gradients(Float64Array.from(dy));
  results.forEach((gradient, i) =>
    expectCloseInScale(`gradient ${i} of ${label}`, gradient, wanted[i]!, tolerance),
  );
}
