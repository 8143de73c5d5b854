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
}

/** What {@link verifyModel} needs of the compile options. */
export interface VerifyOptions {
  readonly samples?: Samples;
  readonly normalization?: InputNormalization;
  readonly minAgreement?: number;
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

/**
 * Runs both and compares.
 * @throws BitgradError `verification-failed` below `minAgreement` (default: every argmax agrees)
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
  const executable = await (options.engine ?? jsEngine()).compile(packed);
  const got = executable.run(samples);
  executable.dispose();
  const want = graphOutputs(model, packed, samples, options.normalization);
  const rows = samples.length / size;
  const width = want.length / rows;
  let [same, maxDifference, maxOutput] = [0, 0, 0];
  for (let r = 0; r < rows; r++) {
    const [a, b] = [got.subarray(r * width, (r + 1) * width), want.subarray(r * width, (r + 1) * width)];
    // Equal outputs may tie: the place of the graph's largest need only be as large in the packed model.
    same += indexOfMax(a) === indexOfMax(b) ? 1 : 0;
    for (let i = 0; i < width; i++) {
      maxDifference = Math.max(maxDifference, Math.abs(a[i]! - b[i]!));
      maxOutput = Math.max(maxOutput, Math.abs(b[i]!));
    }
  }
  const agreement = { samples: rows, argmax: same / rows, maxDifference, maxOutput };
  const { minAgreement = 1 } = options;
  if (agreement.argmax < minAgreement || !Number.isFinite(maxDifference))
    throw new BitgradError({
      code: 'verification-failed',
      source: 'compiler',
      what: `the packed model disagrees with the graph (largest difference ${maxDifference}, largest output ${maxOutput})`,
      got: agreement.argmax,
      expected: `the same argmax on at least ${minAgreement} of ${rows} samples`,
      next: 'Report it with the model; minAgreement accepts less.',
    });
  return agreement;
}
