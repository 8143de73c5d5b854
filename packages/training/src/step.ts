// One training step: forward, backward, and the update, which happens only when the loss is finite.
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';
import type { Batch, LabelKind } from '@bitgrad/datasets';
import { applyConstraints } from '@bitgrad/layers';
import { meanLoss, type LossFunction } from './losses.js';
import { trainedVariables } from './weights.js';

/** Gradients scaled so that their norm over all of them is at most `most`; as PyTorch's clip_grad_norm_. */
function clipByNorm(grads: tf.NamedTensorMap, most: number): tf.NamedTensorMap {
  const squares = Object.values(grads).map((g) => tf.sum(tf.square(g)));
  const scale = tf.minimum(tf.div(most, tf.add(tf.sqrt(tf.addN(squares)), 1e-6)), 1);
  return Object.fromEntries(Object.entries(grads).map(([name, g]) => [name, tf.mul(g, scale)]));
}

/** One-hot rows, float32 [n, classes]. @throws BitgradError `invalid-option` for a label outside of the classes */
function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
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
  return rows;
}

/** What labels are, and the shape of what a model says of them. */
export interface Answers {
  readonly kind: LabelKind;
  /** Shape of one example's output: [classes], [height, width, classes], [labels] or [values]. */
  readonly shape: readonly number[];
}

/** The targets of a batch, float32 [n, ...shape of the output]; of mixed images those of both, by their shares. */
export const targetsOf = (
  { labels, size, mix }: Pick<Batch, 'labels' | 'size' | 'mix'>,
  { kind, shape }: Answers,
): tf.Tensor => {
  const rows = (given: ArrayLike<number>): Float32Array =>
    kind === 'class' ? oneHot(given, shape.at(-1)!) : Float32Array.from(given);
  const [own, others] = [rows(labels), mix && rows(mix.labels)];
  const values = others ? own.map((y, i) => mix!.share * y + (1 - mix!.share) * others[i]!) : own;
  return tf.tensor(values, [size, ...shape], 'float32');
};

/** The inputs of a batch. */
export const inputsOf = ({ images, shape, more = [] }: Batch): tf.Tensor[] => [
  tf.tensor(images, [...shape], 'float32'),
  ...more.map((each) => tf.tensor(each.values, [...each.shape], 'float32')),
];

/** Sum over the examples of the share of their answers that is right; 0 of values. */
function hitsOf(
  outputs: tf.Tensor,
  targets: tf.Tensor,
  { kind, shape }: Answers,
  threshold: number,
): tf.Tensor {
  if (kind === 'values') return tf.scalar(0);
  const right =
    kind === 'class'
      ? tf.equal(tf.argMax(outputs, -1), tf.argMax(targets, -1))
      : tf.equal(tf.greater(outputs, threshold), tf.greater(targets, 0.5));
  const each = kind === 'class' ? shape.slice(0, -1) : shape;
  const sum = tf.sum(tf.cast(right, 'float32'));
  const answers = each.reduce((a, b) => a * b, 1);
  return answers === 1 ? sum : tf.div(sum, answers);
}

/** What a step measured, over its batch. */
export interface StepResult {
  /** Mean loss, with the model's regularizers. */
  readonly loss: number;
  /** Examples that were right before the update: parts of one where it has several answers. */
  readonly correct: number;
}

/** What a step needs beside model, optimizer and batch. */
export interface StepSettings {
  readonly answers: Answers;
  /** Above which an output means that a label is there. */
  readonly threshold: number;
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
  { answers, threshold, loss, clipNorm, step }: StepSettings,
): Promise<StepResult> {
  const variables = trainedVariables(model);
  const kept: tf.Tensor[] = [];
  const { grads, measured } = tf.tidy(() => {
    const inputs = inputsOf(batch);
    const targets = targetsOf(batch, answers);
    const weights = batch.weights && tf.tensor1d(batch.weights);
    const { value, grads } = tf.variableGrads(() => {
      const outputs = model.apply(inputs.length === 1 ? inputs[0]! : inputs, { training: true }) as tf.Tensor;
      kept.push(tf.keep(tf.clone(outputs)));
      const found = loss(outputs as tf.Tensor2D, targets as tf.Tensor2D, {
        inputs,
        weights,
        indices: batch.indices,
      });
      return [meanLoss(found, batch.size, weights), ...model.calculateLosses()].reduce((a, b) =>
        tf.add(a, b),
      );
    }, variables);
    const hits = hitsOf(kept[0]!, targets, answers, threshold);
    return {
      grads: clipNorm === undefined ? grads : clipByNorm(grads, clipNorm),
      measured: tf.stack([value, hits]),
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
