// What the training graph answers, hardened, to the inputs of its packed model.
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { failureOf } from '@bitgrad/core';
import { expectModel, withHardened } from '@bitgrad/layers';
import {
  elementCount,
  normalizeBytes,
  validateModel,
  type InputNormalization,
  type PackedModel,
} from '@bitgrad/runtime';
import { endsOf } from './graph.js';
import { checkSamples, type InputKind, type Samples } from './samples.js';

/** Samples that the graph sees at a time. */
const chunk = 500;

const failure = failureOf('compiler');

const fits = (known: readonly (number | null)[], shape: readonly number[]): boolean =>
  known.length === shape.length + 1 && shape.every((size, i) => (known[i + 1] ?? size) === size);

/**
 * Whether these are a graph and a packed model of it, by their shapes.
 * @throws BitgradError `invalid-option` for what is no model or no packed model, `shape-mismatch`, and as `validateModel`
 */
export function checkPair(owner: string, model: unknown, packed: PackedModel): void {
  expectModel('compiler', owner, model);
  if (typeof packed?.plan !== 'object' || !Array.isArray(packed.weights))
    throw failure('invalid-option', {
      what: `packed model given to ${owner}`,
      got: packed === undefined ? 'nothing' : packed,
      expected: 'a packed model',
      next: 'Pass what compileModel gives as `model`, or decodeModel(bytes) of @bitgrad/runtime.',
    });
  validateModel(packed);
  const { input, output } = endsOf(model);
  const { buffers, ...ends } = packed.plan;
  for (const [key, known] of [
    ['input', input.shape],
    ['output', output.shape],
  ] as const)
    // prettier-ignore
    if (!fits(known, buffers[ends[key]]!.shape))
      throw failure('shape-mismatch', {
        what: `${key} of the packed model given to ${owner}`,
        got: buffers[ends[key]]!.shape,
        expected: `that of the model, [${known.slice(1).map((size) => size ?? 'any').join(', ')}]`, // prettier-ignore
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
  // Not optional here.
  checkSamples(samples ?? null, inputOf(packed));
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
