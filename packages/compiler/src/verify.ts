// Compares a packed model, run by the portable engine, with the hardened training graph.
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { BitgradError, createRng } from '@bitgrad/core';
import { withHardened } from '@bitgrad/layers';
import {
  elementCount,
  jsEngine,
  normalizeBytes,
  type Engine,
  type InputNormalization,
  type PackedModel,
} from '@bitgrad/runtime';

/** Rows of model inputs, one after another. */
export type Samples = Uint8Array | Float32Array;

/** How well a packed model agrees with its graph. */
export interface Agreement {
  readonly samples: number;
  /** Share of samples whose largest output is at the same place. */
  readonly argmax: number;
  /** Largest absolute difference of an output. */
  readonly maxDifference: number;
  /** Largest absolute output of the graph, to judge the difference by. */
  readonly maxOutput: number;
  /** Share of samples whose largest output of the packed model is at their label; only with labels. */
  readonly accuracy?: number;
}

/** What {@link verifyModel} needs of the compile options. */
export interface VerifyOptions {
  readonly samples?: Samples;
  /** The class of each sample. */
  readonly labels?: ArrayLike<number>;
  readonly normalization?: InputNormalization;
  readonly minAgreement?: number;
  /** Least accuracy on the samples; needs `labels`. */
  readonly minAccuracy?: number;
  /** Runs the packed model; default the portable engine, which is the reference. Others are faster on many samples. */
  readonly engine?: Engine;
}

/** Samples that the graph sees at a time. */
const chunk = 500;

const indexOfMax = (row: ArrayLike<number>): number =>
  Array.from(row).reduce((best, v, i) => (v > row[best]! ? i : best), 0);

/** The graph's outputs for rows of inputs as the packed model takes them, hardened. */
export function graphOutputs(
  model: tfl.LayersModel,
  { plan }: PackedModel,
  samples: Samples,
  normalization?: InputNormalization,
): Float32Array {
  const { type, shape } = plan.buffers[plan.input]!;
  const size = elementCount(shape);
  const rows = samples.length / size;
  const outputs = new Float32Array(rows * elementCount(plan.buffers[plan.output]!.shape));
  const width = outputs.length / rows;
  const part = (from: number): void => {
    const given = samples.subarray(from * size, (from + chunk) * size);
    const values =
      type === 'u8' ? normalizeBytes(given, shape.at(-1)!, normalization) : Float32Array.from(given);
    const x = tf.tensor(values, [given.length / size, ...shape]);
    outputs.set((model.predict(x, { batchSize: 250 }) as tf.Tensor).dataSync(), from * width);
  };
  withHardened(model, () => {
    for (let from = 0; from < rows; from += chunk) tf.tidy(() => part(from));
  });
  return outputs;
}

const optionError = (what: string, got: unknown, expected: string): BitgradError =>
  new BitgradError({ code: 'invalid-option', source: 'compiler', what, got, expected });

/** Whether the labels and the accuracy that is asked for fit samples of `size` elements. */
export function checkLabels({ labels, minAccuracy, samples }: VerifyOptions, size: number): void {
  const rows = (samples?.length ?? 0) / size;
  if (minAccuracy !== undefined && !(labels && samples && minAccuracy >= 0 && minAccuracy <= 1))
    throw optionError('minAccuracy', minAccuracy, 'a share from 0 to 1, together with samples and labels');
  if (labels && labels.length !== rows)
    throw optionError('number of labels', labels.length, `one for each of ${rows} samples`);
}

/**
 * Runs both and compares.
 * @throws BitgradError `verification-failed` below `minAgreement` (default: every argmax agrees) or `minAccuracy`;
 *   `invalid-option` for labels that do not fit the samples
 */
export async function verifyModel(
  model: tfl.LayersModel,
  packed: PackedModel,
  options: VerifyOptions = {},
): Promise<Agreement> {
  const { plan } = packed;
  const { type, shape } = plan.buffers[plan.input]!;
  const size = elementCount(shape);
  const rng = createRng(1);
  const samples =
    options.samples ??
    (type === 'u8'
      ? Uint8Array.from({ length: 16 * size }, () => rng.integer(256))
      : Float32Array.from({ length: 16 * size }, () => rng.normal()));
  const rows = samples.length / size;
  checkLabels(options, size);
  const executable = await (options.engine ?? jsEngine()).compile(packed);
  const got = await executable.runAsync(samples);
  executable.dispose();
  const want = graphOutputs(model, packed, samples, options.normalization);
  const width = want.length / rows;
  const { labels } = options;
  let [same, right, maxDifference, maxOutput] = [0, 0, 0, 0];
  for (let r = 0; r < rows; r++) {
    const [a, b] = [got.subarray(r * width, (r + 1) * width), want.subarray(r * width, (r + 1) * width)];
    const best = indexOfMax(a);
    same += best === indexOfMax(b) ? 1 : 0;
    right += best === labels?.[r] ? 1 : 0;
    for (let i = 0; i < width; i++) {
      maxDifference = Math.max(maxDifference, Math.abs(a[i]! - b[i]!));
      maxOutput = Math.max(maxOutput, Math.abs(b[i]!));
    }
  }
  const accuracy = right / rows;
  const agreement = {
    samples: rows,
    argmax: same / rows,
    maxDifference,
    maxOutput,
    ...(labels && { accuracy }),
  };
  const { minAgreement = 1, minAccuracy = 0 } = options;
  if (agreement.argmax < minAgreement || !Number.isFinite(maxDifference))
    throw new BitgradError({
      code: 'verification-failed',
      source: 'compiler',
      what: `the packed model disagrees with the graph (largest difference ${maxDifference}, largest output ${maxOutput})`,
      got: agreement.argmax,
      expected: `the same argmax on at least ${minAgreement} of ${rows} samples`,
      next: 'Report it with the model; minAgreement accepts less.',
    });
  if (accuracy < minAccuracy)
    throw new BitgradError({
      code: 'verification-failed',
      source: 'compiler',
      what: 'accuracy of the packed model on the samples (the graph gives the same answers)',
      got: accuracy,
      expected: `at least ${minAccuracy}, minAccuracy`,
      next: 'Compare normalization and samples with what the model was trained on: bytes, scaled alike, channels in the same order.',
    });
  return agreement;
}
