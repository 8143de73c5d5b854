// One training step: forward, backward, and the update, which happens only when the loss is finite.
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, softmaxCrossEntropy } from '@bitgrad/core';
import type { Batch } from '@bitgrad/datasets';
import { applyConstraints } from '@bitgrad/layers';
import { trainedVariables } from './weights.js';

/** A loss of logits [n, k] and one-hot labels [n, k]: a scalar, the mean over the batch. */
export type LossFunction = (logits: tf.Tensor2D, labels: tf.Tensor2D) => tf.Scalar;

/** Mean softmax cross-entropy in nats. */
export const crossEntropy: LossFunction = (logits, labels) =>
  tf.mean(softmaxCrossEntropy(logits, labels)) as tf.Scalar;

/**
 * Mean softmax cross-entropy in nats with smoothed labels (Szegedy et al., arXiv 1512.00567, section 7):
 * (1 - smoothing) y + smoothing / classes.
 */
export const smoothedCrossEntropy = (smoothing: number): LossFunction =>
  smoothing === 0
    ? crossEntropy
    : (logits, labels) =>
        crossEntropy(
          logits,
          tf.add(tf.mul(labels, 1 - smoothing), smoothing / labels.shape[1]) as tf.Tensor2D,
        );

/** Gradients scaled so that their norm over all of them is at most `most`; as PyTorch's clip_grad_norm_. */
function clipByNorm(grads: tf.NamedTensorMap, most: number): tf.NamedTensorMap {
  const squares = Object.values(grads).map((g) => tf.sum(tf.square(g)));
  const scale = tf.minimum(tf.div(most, tf.add(tf.sqrt(tf.addN(squares)), 1e-6)), 1);
  return Object.fromEntries(Object.entries(grads).map(([name, g]) => [name, tf.mul(g, scale)]));
}

/** One-hot rows, float32 [n, classes]. @throws BitgradError `invalid-option` for a label outside of the classes */
export function oneHot(labels: ArrayLike<number>, classes: number): tf.Tensor2D {
  const rows = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label >= classes)
      throw new BitgradError({
        code: 'invalid-option',
        source: 'training',
        what: 'label of an image',
        got: label,
        expected: `0 to ${classes - 1}, as many classes as the model has outputs`,
      });
    rows[i * classes + label] = 1;
  }
  return tf.tensor2d(rows, [labels.length, classes]);
}

const scalarOf = (loss: unknown): tf.Scalar => {
  if (loss instanceof tf.Tensor && loss.rank === 0) return loss as tf.Scalar;
  throw new BitgradError({
    code: 'invalid-option',
    source: 'training',
    what: 'what option "loss" of createTrainer gave',
    got: loss instanceof tf.Tensor ? `a tensor of shape [${loss.shape.join(', ')}]` : (loss ?? 'nothing'),
    expected: 'a scalar tensor: the mean over the batch',
  });
};

/** What a step measured, over its batch. */
export interface StepResult {
  /** Mean loss, with the model's regularizers. */
  readonly loss: number;
  /** Images whose largest logit, before the update, was that of their class. */
  readonly correct: number;
}

/** What a step needs beside model, optimizer and batch. */
export interface StepSettings {
  readonly classes: number;
  readonly loss: LossFunction;
  /** Largest norm of the gradients together; undefined: any. */
  readonly clipNorm?: number;
  /** Number of the step, for the error. */
  readonly step: number;
}

/**
 * Runs one step.
 * @param optimizer applies the gradients of the model's trainable weights
 * @throws BitgradError `not-finite` when the loss is; the trainable weights and the optimizer are then unchanged
 */
export async function trainStep(
  model: LayersModel,
  optimizer: tf.Optimizer,
  batch: Batch,
  { classes, loss, clipNorm, step }: StepSettings,
): Promise<StepResult> {
  const variables = trainedVariables(model);
  const kept: tf.Tensor[] = [];
  const { grads, measured } = tf.tidy(() => {
    const images = tf.tensor(batch.images, [...batch.shape], 'float32');
    const labels = oneHot(batch.labels, classes);
    const { value, grads } = tf.variableGrads(() => {
      const logits = model.apply(images, { training: true }) as tf.Tensor2D;
      kept.push(tf.keep(tf.clone(logits)));
      return [scalarOf(loss(logits, labels)), ...model.calculateLosses()].reduce((a, b) => tf.add(a, b));
    }, variables);
    const hits = tf.equal(tf.argMax(kept[0]!, 1), tf.argMax(labels, 1));
    return {
      grads: clipNorm === undefined ? grads : clipByNorm(grads, clipNorm),
      measured: tf.stack([value, tf.sum(tf.cast(hits, 'float32'))]),
    };
  });
  try {
    const [lossValue, correct] = (await measured.data()) as Float32Array;
    if (!Number.isFinite(lossValue))
      throw new BitgradError({
        code: 'not-finite',
        source: 'training',
        what: `loss of step ${step}`,
        got: lossValue,
        expected: 'a finite number',
        next: 'Lower the learning rate, or look for NaN in the data; the last checkpoint is intact.',
      });
    optimizer.applyGradients(grads);
    applyConstraints(model);
    return { loss: lossValue!, correct: correct! };
  } finally {
    tf.dispose([grads, measured, kept]);
  }
}
