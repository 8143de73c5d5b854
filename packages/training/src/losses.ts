// Losses by name, each for the kind of labels that it is for. A loss gives one value an example, so that examples can have
// weights; a loss of one's own may give the mean itself.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError, softmaxCrossEntropy } from '@bitgrad/core';
import type { LabelKind } from '@bitgrad/datasets';

/** What a loss sees beside outputs and targets. */
export interface LossAbout {
  /** Inputs of the batch, as the model got them. */
  readonly inputs: readonly tf.Tensor[];
  /** Positions of the examples in the split, [n]; of a training step. */
  readonly indices?: Int32Array;
  /** Weights of the examples, [n]; undefined where they all count alike. */
  readonly weights?: tf.Tensor1D;
}

/**
 * A loss of outputs [n, ...] and targets: one-hot rows [n, ..., classes] of classes, 0 and 1 of labels, or values. Gives the
 * loss of each example, [n], which the trainer weights and averages, or their mean, a scalar.
 */
export type LossFunction = {
  bivariant(outputs: tf.Tensor2D, targets: tf.Tensor2D, about: LossAbout): tf.Tensor;
}['bivariant'];

/** What the losses of this package take. */
export interface LossOptions {
  /** Of cross-entropy. */
  readonly labelSmoothing?: number;
  /** Of cross-entropy: a weight for each class. */
  readonly classWeights?: readonly number[];
  /** Of losses of values: each difference is divided by that of its column, such as the standard deviation. */
  readonly scale?: readonly number[];
  /** What the model gives out ends in a softmax, or in sigmoids. */
  readonly activated?: boolean;
}

type PerExample = (outputs: tf.Tensor, targets: tf.Tensor, options: LossOptions) => tf.Tensor;

/** The mean over all axes but the first. */
const overExample = (values: tf.Tensor): tf.Tensor =>
  values.rank === 1 ? values : tf.mean(tf.reshape(values, [values.shape[0]!, -1]), 1);

/** A probability of 0 counts as this, as in Keras. */
const least = 1e-7;

/** -sum y log p: of probabilities, or of logits by their softmax. */
const crossEntropyOf: PerExample = (outputs, targets, { labelSmoothing = 0, classWeights, activated }) => {
  const k = outputs.shape.at(-1)!;
  const rows = (x: tf.Tensor) => (x.rank === 2 ? x : tf.reshape(x, [-1, k])) as tf.Tensor2D;
  const smooth =
    labelSmoothing === 0 ? targets : tf.add(tf.mul(targets, 1 - labelSmoothing), labelSmoothing / k);
  const each = activated
    ? tf.neg(tf.sum(tf.mul(rows(smooth), tf.log(tf.maximum(rows(outputs), least))), 1))
    : softmaxCrossEntropy(rows(outputs), rows(smooth));
  const weighted = classWeights
    ? tf.mul(each, tf.sum(tf.mul(rows(targets), tf.tensor1d([...classWeights])), 1))
    : each;
  return overExample(tf.reshape(weighted, outputs.shape.slice(0, -1)));
};

/** -(y log p + (1 - y) log(1 - p)), the mean over the labels; of logits as max(x, 0) - x y + log(1 + exp(-|x|)). */
const binaryCrossEntropyOf: PerExample = (outputs, targets, { activated }) => {
  if (!activated)
    return overExample(tf.add(tf.sub(tf.relu(outputs), tf.mul(outputs, targets)), tf.log1p(tf.exp(tf.neg(tf.abs(outputs)))))); // prettier-ignore
  const log = (p: tf.Tensor) => tf.log(tf.maximum(p, least));
  const of = tf.add(tf.mul(targets, log(outputs)), tf.mul(tf.sub(1, targets), log(tf.sub(1, outputs))));
  return overExample(tf.neg(of));
};

const differences = (outputs: tf.Tensor, targets: tf.Tensor, { scale }: LossOptions): tf.Tensor => {
  const apart = tf.sub(outputs, targets);
  return scale ? tf.div(apart, tf.tensor(scale as number[], outputs.shape.slice(1))) : apart;
};

/** Every loss by name. A new one is an entry. */
const losses = {
  'cross-entropy': { kind: 'class', perExample: crossEntropyOf },
  'binary-cross-entropy': { kind: 'labels', perExample: binaryCrossEntropyOf },
  'mean-squared-error': {
    kind: 'values',
    perExample: (outputs, targets, options) => overExample(tf.square(differences(outputs, targets, options))),
  },
  'mean-absolute-error': {
    kind: 'values',
    perExample: (outputs, targets, options) => overExample(tf.abs(differences(outputs, targets, options))),
  },
  /** d^2 / 2 up to |d| = 1, and |d| - 1/2 beyond (Huber 1964), in units of `scale`. */
  huber: {
    kind: 'values',
    perExample(outputs, targets, options) {
      const d = tf.abs(differences(outputs, targets, options));
      const near = tf.minimum(d, 1);
      return overExample(tf.mul(near, tf.sub(d, tf.div(near, 2))));
    },
  },
} satisfies Record<string, { kind: LabelKind; perExample: PerExample }>;

/** A loss of this package. */
export type LossName = keyof typeof losses;

/** The names of the losses. */
export const lossNames = Object.keys(losses) as readonly LossName[];

/** The loss of a kind of labels where none is named. */
export const defaultLoss = (kind: LabelKind): LossName =>
  lossNames.find((name) => losses[name].kind === kind)!;

/** A loss by name. @throws BitgradError `incompatible` for labels of another kind */
export function lossNamed(name: LossName, kind: LabelKind, options: LossOptions = {}): LossFunction {
  const { kind: own, perExample } = losses[name];
  if (own !== kind)
    throw new BitgradError({
      code: 'incompatible',
      source: 'training',
      what: `loss ${name}, which is for labels of kind ${own}`,
      got: kind,
      expected: lossNames.filter((other) => losses[other].kind === kind).join(', '),
    });
  return (outputs, targets) => perExample(outputs, targets, options);
}

/** Mean softmax cross-entropy in nats. */
export const crossEntropy = (logits: tf.Tensor2D, labels: tf.Tensor2D): tf.Scalar =>
  tf.mean(softmaxCrossEntropy(logits, labels)) as tf.Scalar;

/**
 * The mean of a loss over a batch; weighted, sum(w l) / n.
 * @throws BitgradError `invalid-option` for what is neither a scalar nor a value an example, or cannot be weighted
 */
export function meanLoss(loss: unknown, size: number, weights: tf.Tensor1D | undefined): tf.Scalar {
  const each = loss instanceof tf.Tensor && loss.rank === 1 && loss.shape[0] === size;
  if (each) return tf.mean(weights ? tf.mul(loss as tf.Tensor, weights) : (loss as tf.Tensor)) as tf.Scalar;
  if (loss instanceof tf.Tensor && loss.rank === 0 && !weights) return loss as tf.Scalar;
  throw new BitgradError({
    code: 'invalid-option',
    source: 'training',
    what: 'what option "loss" of createTrainer gave',
    got: loss instanceof tf.Tensor ? `a tensor of shape [${loss.shape.join(', ')}]` : (loss ?? 'nothing'),
    expected: weights
      ? `a value an example, [${size}], which their weights multiply`
      : 'a scalar tensor: the mean over the batch; or a value an example',
  });
}
