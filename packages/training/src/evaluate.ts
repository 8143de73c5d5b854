// Accuracy and loss on a split, as trained or as deployed.
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, softmaxCrossEntropy } from '@bitgrad/core';
import { batches, type Normalization, type Split } from '@bitgrad/datasets';
import { withHardened } from '@bitgrad/layers';
import { oneHot } from './step.js';
import { createYielder } from './yielding.js';

/** How to evaluate. */
export interface EvaluateOptions {
  /** Quantizers at their exact levels of deployment; default true. */
  readonly hard?: boolean;
  /** Images a batch; default 250. */
  readonly batchSize?: number;
  /** As in training; default bytes to [-1, 1]. */
  readonly normalize?: Normalization;
  /** Stops between two batches. */
  readonly signal?: AbortSignal;
  /** Gives the event loop a turn at least this often, in milliseconds; default 40. */
  readonly yieldEveryMs?: number;
  /** Called after each batch with the number of images done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What {@link evaluate} measured. */
export interface Evaluation {
  /** Share of the images whose largest logit is that of their class, in [0, 1]. */
  readonly accuracy: number;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Images that were evaluated: fewer than the split has when the signal stopped it. */
  readonly images: number;
  /** `matrix[class][predicted]`: numbers of images. */
  readonly confusion: readonly (readonly number[])[];
  readonly completed: boolean;
}

/**
 * Evaluates a model that gives logits [n, classes].
 * @throws BitgradError `shape-mismatch` when the model's output is not [n, classes], `invalid-option` for an empty split
 */
export async function evaluate(
  model: LayersModel,
  split: Split,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { hard = true, batchSize = 250, normalize, signal, yieldEveryMs = 40, onProgress } = options;
  const classes = classCount(model);
  if (split.size === 0)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'training',
      what: 'split to evaluate',
      got: 'no images',
    });
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const yielded = createYielder(yieldEveryMs);
  let [images, correct, lossSum] = [0, 0, 0];
  for (const batch of batches(split, { batchSize, normalize, shuffle: false })) {
    if (signal?.aborted) break;
    const forward = () =>
      tf.tidy(() => {
        const x = tf.tensor(batch.images, [...batch.shape], 'float32');
        const logits = model.apply(x, { training: false }) as tf.Tensor2D;
        const loss = tf.sum(softmaxCrossEntropy(logits, oneHot(batch.labels, classes)));
        return tf.concat([tf.cast(tf.argMax(logits, 1), 'float32'), tf.reshape(loss, [1])]);
      });
    // The hard setting must not outlive the synchronous part: other code may use the model between two batches.
    const result = hard ? withHardened(model, forward) : forward();
    const values = await result.data();
    result.dispose();
    batch.labels.forEach((label, i) => {
      const predicted = values[i]!;
      confusion[label]![predicted]! += 1;
      if (predicted === label) correct += 1;
    });
    lossSum += values[batch.size]!;
    images += batch.size;
    onProgress?.(images, split.size);
    await yielded();
  }
  return {
    accuracy: images ? correct / images : 0,
    loss: images ? lossSum / images : 0,
    images,
    confusion,
    completed: images === split.size,
  };
}

/**
 * Number of classes: the last axis of the model's one output.
 * @throws BitgradError `shape-mismatch` when the output is not [n, classes]
 */
export function classCount(model: LayersModel): number {
  const shape = model.outputs.length === 1 ? model.outputs[0]!.shape : undefined;
  const classes = shape?.at(-1);
  if (shape?.length !== 2 || !classes)
    throw new BitgradError({
      code: 'shape-mismatch',
      source: 'training',
      what: 'output of the model',
      got: model.outputs.map((output) => output.shape),
      expected: 'one tensor [n, classes] of logits',
    });
  return classes;
}
