// What the training graph answers, hardened, to the inputs of its packed model.
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { failureOf } from '@bitgrad/core';
import { expectModel, withHardened } from '@bitgrad/layers';
import { elementCount, normalizeBytes, type InputNormalization, type PackedModel } from '@bitgrad/runtime';
import { checkSamples, type InputKind, type Samples } from './samples.js';

/** Samples that the graph sees at a time. */
const chunk = 500;

/** @throws BitgradError `invalid-option` for what is no model, or no packed model */
export function checkPair(owner: string, model: unknown, packed: PackedModel): void {
  expectModel('compiler', owner, model);
  if (!packed?.plan || !Array.isArray(packed.weights))
    throw failureOf('compiler')('invalid-option', {
      what: `packed model given to ${owner}`,
      got: packed === undefined ? 'nothing' : packed,
      expected: 'a packed model',
      next: 'Pass what compileModel gives as `model`, or decodeModel(bytes) of @bitgrad/runtime.',
    });
}

/** What a packed model takes. */
export const inputOf = ({ plan }: PackedModel): InputKind => {
  const { type, shape } = plan.buffers[plan.input]!;
  return { type: type as InputKind['type'], size: elementCount(shape) };
};

/** What the graph takes in place of a packed model's inputs. */
export const graphInputs = ({ plan }: PackedModel, samples: Samples, normalization?: InputNormalization) => {
  const { type, shape } = plan.buffers[plan.input]!;
  return type === 'u8' ? normalizeBytes(samples, shape.at(-1)!, normalization) : Float32Array.from(samples);
};

/**
 * The graph's outputs for rows of inputs as the packed model takes them, hardened.
 * @throws BitgradError as {@link verifyModel} for samples that do not fit
 */
export function graphOutputs(
  model: tfl.LayersModel,
  packed: PackedModel,
  samples: Samples,
  normalization?: InputNormalization,
): Float32Array {
  checkPair('graphOutputs', model, packed);
  checkSamples(samples, inputOf(packed));
  const { plan } = packed;
  const { size } = inputOf(packed);
  const rows = samples.length / size;
  const outputs = new Float32Array(rows * elementCount(plan.buffers[plan.output]!.shape));
  const width = outputs.length / rows;
  const part = (from: number): void => {
    const values = graphInputs(packed, samples.subarray(from * size, (from + chunk) * size), normalization);
    const x = tf.tensor(values, [values.length / size, ...plan.buffers[plan.input]!.shape]);
    outputs.set((model.predict(x, { batchSize: 250 }) as tf.Tensor).dataSync(), from * width);
  };
  withHardened(model, () => {
    for (let from = 0; from < rows; from += chunk) tf.tidy(() => part(from));
  });
  return outputs;
}
