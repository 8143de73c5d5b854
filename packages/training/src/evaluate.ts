// Accuracy and loss on a split, as trained or as deployed.
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, checkOptions, option, softmaxCrossEntropy, type OptionRules } from '@bitgrad/core';
import { batches, normalizationRule, type Normalization, type Split } from '@bitgrad/datasets';
import { expectModel, outputKindOf, withHardened } from '@bitgrad/layers';
import { checkFinite } from './finite.js';
import { checkData, classCount } from './inputs.js';
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

/** The rules of {@link EvaluateOptions}. */
export const evaluateRules: OptionRules<EvaluateOptions> = {
  hard: option.boolean,
  batchSize: option.integer(1),
  normalize: normalizationRule,
  signal: option.signal,
  yieldEveryMs: option.number(0),
  onProgress: option.callback,
};

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
 * Evaluates a model that gives logits, or probabilities by a softmax of its own, [n, classes].
 * @throws BitgradError `shape-mismatch` when the model's output is not [n, classes] or its input not the images' shape,
 *   `invalid-option` for what is no split, an empty one, or labels that are no classes, `not-finite` when a weight or a logit
 *   is NaN or infinite
 */
export async function evaluate(
  model: LayersModel,
  split: Split,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  checkOptions('training', 'evaluate', options, evaluateRules);
  expectModel('training', 'evaluate', model);
  checkData('evaluate', model, split);
  await checkFinite(model, 'in the model to evaluate');
  return measure(model, split, options);
}

/** {@link evaluate} of what was checked. */
export async function measure(
  model: LayersModel,
  split: Split,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { hard = true, batchSize = 250, normalize, signal, yieldEveryMs = 40, onProgress } = options;
  const classes = classCount(model);
  const lossOf = outputKindOf(model, classes) === 'probabilities' ? logLoss : softmaxCrossEntropy;
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const yielded = createYielder(yieldEveryMs);
  let [images, correct, lossSum] = [0, 0, 0];
  for (const batch of batches(split, { batchSize, normalize, shuffle: false })) {
    if (signal?.aborted) break;
    const forward = () =>
      tf.tidy(() => {
        const x = tf.tensor(batch.images, [...batch.shape], 'float32');
        const logits = model.apply(x, { training: false }) as tf.Tensor2D;
        const loss = tf.sum(lossOf(logits, oneHot(batch.labels, classes)));
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
    // The largest of NaN is the first class: an accuracy, and a wrong one.
    if (!Number.isFinite(lossSum)) throw lossNotFinite(lossSum);
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

/** Cross-entropy of probabilities: of a model that ends in softmax. A probability of 0 counts as 1e-7, as in Keras. */
const logLoss = (probabilities: tf.Tensor2D, labels: tf.Tensor2D): tf.Tensor =>
  tf.neg(tf.sum(tf.mul(labels, tf.log(tf.maximum(probabilities, 1e-7))), 1));

const lossNotFinite = (loss: number): BitgradError =>
  new BitgradError({
    code: 'not-finite',
    source: 'training',
    what: 'loss of the evaluation',
    got: loss,
    expected: 'a finite number',
    next: 'Look for a layer whose output overflows: the weights themselves are finite.',
  });
