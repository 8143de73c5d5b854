// Accuracy and loss on a split, as trained or as deployed.
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, checkOptions, option, type OptionRules, type OptionRule } from '@bitgrad/core';
import { batches, normalizationRule, type Examples, type Normalization } from '@bitgrad/datasets';
import { expectModel, outputKindOf, withHardened } from '@bitgrad/layers';
import { checkFinite } from './finite.js';
import { answersOf, checkData } from './inputs.js';
import { defaultLoss, lossNamed, lossNames, meanLoss, type LossFunction, type LossName } from './losses.js';
import { createScores, type ValueErrors } from './scores.js';
import { inputsOf, targetsOf, type Answers } from './step.js';
import { createYielder } from './yielding.js';

/** How to evaluate. */
export interface EvaluateOptions {
  /** Quantizers at their exact levels of deployment; default true. */
  readonly hard?: boolean;
  /** Images a batch; default 250. */
  readonly batchSize?: number;
  /** As in training; default bytes to [-1, 1]. */
  readonly normalize?: Normalization;
  /** Default that of the labels: cross-entropy, of `labels` binary, of `values` the mean squared error. */
  readonly loss?: LossName | LossFunction;
  /** Stops between two batches. */
  readonly signal?: AbortSignal;
  /** Gives the event loop a turn at least this often, in milliseconds; default 40. */
  readonly yieldEveryMs?: number;
  /** Called after each batch with the number of images done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The rule of an option that is a loss. */
export const lossRule: OptionRule = option.either(option.oneOf(...lossNames), option.callback);

/** The rules of {@link EvaluateOptions}. */
export const evaluateRules: OptionRules<EvaluateOptions> = {
  hard: option.boolean,
  batchSize: option.integer(1),
  normalize: normalizationRule,
  loss: lossRule,
  signal: option.signal,
  yieldEveryMs: option.number(0),
  onProgress: option.callback,
};

/** What {@link evaluate} measured. */
export interface Evaluation {
  /**
   * Share of the images (or positions) whose largest logit is that of their class, or of the labels that are right, in [0, 1];
   * null of values.
   */
  readonly accuracy: number | null;
  /** Mean loss; of classes the cross-entropy in nats. */
  readonly loss: number;
  /** Share of the examples all of whose labels are right; null where they are not of kind `labels`. */
  readonly exact: number | null;
  /** Errors of values; null of other kinds. */
  readonly errors: ValueErrors | null;
  /** Images that were evaluated: fewer than the split has when the signal stopped it. */
  readonly images: number;
  /** `matrix[class][predicted]`: numbers of images, or positions; empty where labels are no classes. */
  readonly confusion: readonly (readonly number[])[];
  readonly completed: boolean;
}

/**
 * Evaluates a model whose output is what the labels are: logits (or probabilities by a softmax or sigmoids of its own) of classes
 * or labels, or values.
 * @throws BitgradError `shape-mismatch` when the model's output is not [n, classes] or its input not the images' shape,
 *   `invalid-option` for what is no split, an empty one, or labels that are no classes, `not-finite` when a weight or a logit
 *   is NaN or infinite
 */
export async function evaluate(
  model: LayersModel,
  split: Examples,
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
  split: Examples,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { hard = true, batchSize = 250, normalize, signal, yieldEveryMs = 40, onProgress } = options;
  const answers = answersOf('evaluate', model, split);
  const { kind, shape } = answers;
  const { activated, threshold } = endingOf(model, answers);
  const given = options.loss ?? defaultLoss(kind);
  const loss = typeof given === 'string' ? lossNamed(given, kind, { activated }) : given;
  const scores = createScores(kind, shape.at(-1)!, threshold);
  const yielded = createYielder(yieldEveryMs);
  let [images, lossSum] = [0, 0];
  for (const batch of batches(split, { batchSize, normalize, shuffle: false })) {
    if (signal?.aborted) break;
    const forward = () =>
      tf.tidy(() => {
        const inputs = inputsOf(batch);
        const outputs = model.apply(inputs.length === 1 ? inputs[0]! : inputs, {
          training: false,
        }) as tf.Tensor;
        const targets = targetsOf(batch, answers) as tf.Tensor2D;
        const found = loss(outputs as tf.Tensor2D, targets, { inputs });
        const sum = found instanceof tf.Tensor && found.rank === 1 ? tf.sum(found) : tf.mul(meanLoss(found, batch.size, undefined), batch.size); // prettier-ignore
        return tf.concat([tf.reshape(outputs, [-1]), tf.reshape(sum, [1])]);
      });
    // The hard setting must not outlive the synchronous part: other code may use the model between two batches.
    const result = hard ? withHardened(model, forward) : forward();
    const values = (await result.data()) as Float32Array;
    result.dispose();
    lossSum += values.at(-1)!;
    // The largest of NaN is the first class: an accuracy, and a wrong one.
    if (!Number.isFinite(lossSum)) throw lossNotFinite(lossSum);
    scores.add(values.subarray(0, -1), batch.labels);
    images += batch.size;
    onProgress?.(images, split.size);
    await yielded();
  }
  return {
    accuracy: images || kind === 'values' ? scores.accuracy() : 0,
    loss: images ? lossSum / images : 0,
    exact: scores.exact(),
    errors: scores.errors(),
    images,
    confusion: scores.confusion(),
    completed: images === split.size,
  };
}

/** Whether a model applies the softmax or the sigmoids itself, and from which output on a label is there. */
export function endingOf(
  model: LayersModel,
  { kind, shape }: Answers,
): { activated: boolean; threshold: number } {
  const ending = outputKindOf(model, kind === 'class' ? shape.at(-1) : 0);
  const activated = ending === (kind === 'labels' ? 'sigmoid' : 'probabilities');
  return { activated, threshold: activated ? 0.5 : 0 };
}

const lossNotFinite = (loss: number): BitgradError =>
  new BitgradError({
    code: 'not-finite',
    source: 'training',
    what: 'loss of the evaluation',
    got: loss,
    expected: 'a finite number',
    next: 'Look for a layer whose output overflows: the weights themselves are finite.',
  });
