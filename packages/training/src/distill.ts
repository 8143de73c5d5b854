// Learning from what a teacher answers. With temperature 1 and no part of the labels it is the distributional loss of ReActNet (arXiv
// 2003.03488, equation 8), else Hinton's distillation (arXiv 1503.02531, section 2).
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, detach, option, type OptionRule } from '@bitgrad/core';
import type { Examples } from '@bitgrad/datasets';
import { expectModel } from '@bitgrad/layers';
import { answersOf, expectLogits } from './inputs.js';
import type { LossAbout, LossFunction } from './losses.js';
import type { Answers } from './step.js';

/** What is learned from: a teacher, or what one has said. */
export interface Distillation {
  /** A model that gives logits of the same classes for the same inputs; it is not trained, and not disposed. */
  readonly teacher?: LayersModel;
  /** Logits of the training images as they are, float32 [images * classes], in the order of the split. */
  readonly logits?: Float32Array;
  /** What both logits are divided by before the softmax; default 1. */
  readonly temperature?: number;
  /** How much the teacher counts, above 0 to 1; the rest is the loss of the labels. Default 1. */
  readonly share?: number;
}

/** The rule of an option that is a {@link Distillation}. */
export const distillationRule: OptionRule = option.inside({
  teacher: option.any,
  logits: option.of('a Float32Array', (v) => v instanceof Float32Array),
  temperature: option.positive,
  share: option.of('a number above 0, 1 or less', (v) => typeof v === 'number' && v > 0 && v <= 1),
});

const wrong = (what: string, got: unknown, expected: string, next?: string): BitgradError =>
  new BitgradError({ code: 'invalid-option', source: 'training', what, got, expected, next });

/**
 * Checks a distillation against what is trained.
 * @param augmented whether the images are changed at random, which saved logits know nothing of
 * @throws BitgradError `invalid-option`, `shape-mismatch`, `incompatible`
 */
export function checkDistillation(
  { teacher, logits }: Distillation,
  train: Examples,
  { kind, shape }: Answers,
  augmented: boolean,
): void {
  const owner = 'option "distill" of createTrainer';
  if ((teacher === undefined) === (logits === undefined))
    throw wrong(owner, teacher ? 'both' : 'neither', 'a teacher, or its saved logits');
  if (kind !== 'class' || shape.length !== 1)
    throw wrong(`${owner} for labels`, kind, 'one class an example, of which a teacher gives logits');
  const classes = shape[0]!;
  if (logits && logits.length !== train.size * classes)
    throw wrong(`logits of ${owner}`, logits.length, `${train.size} * ${classes} numbers`);
  if (logits && augmented)
    throw wrong(`logits of ${owner}, beside augmentation`, 'augment', 'images as the teacher saw them', 'Give the teacher itself.'); // prettier-ignore
  if (!teacher) return;
  expectModel('training', 'createTrainer (distill.teacher)', teacher);
  const answers = answersOf('createTrainer (distill.teacher)', teacher, train);
  if (answers.shape[0] !== classes)
    throw new BitgradError({
      code: 'shape-mismatch',
      source: 'training',
      what: 'classes of the teacher',
      got: answers.shape[0],
      expected: `${classes}, those of the model`,
    });
  expectLogits(teacher, classes);
}

/** T^2 KL(softmax(t / T) || softmax(x / T)) of each row: at T = 1 cross-entropy but for what the student cannot change. */
export function teacherLoss(outputs: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number): tf.Tensor1D {
  const soft = tf.div(teacher, temperature) as tf.Tensor2D;
  const apart = tf.sub(tf.logSoftmax(soft), tf.logSoftmax(tf.div(outputs, temperature)));
  return tf.mul(tf.sum(tf.mul(tf.softmax(soft), apart), -1), temperature * temperature) as tf.Tensor1D;
}

/** A loss that learns from the teacher too; of each example. */
export function distilled(loss: LossFunction, distillation: Distillation): LossFunction {
  const { teacher, logits, temperature = 1, share = 1 } = distillation;
  const said = (outputs: tf.Tensor2D, { inputs, indices }: LossAbout): tf.Tensor2D => {
    const classes = outputs.shape[1];
    if (logits) {
      const rows = new Float32Array(indices!.length * classes);
      indices!.forEach((at, i) => rows.set(logits.subarray(at * classes, (at + 1) * classes), i * classes));
      return tf.tensor2d(rows, [indices!.length, classes]);
    }
    const all = (first: tf.Tensor) => (inputs.length === 1 ? first : [first, ...inputs.slice(1)]);
    return detach(inputs[0]!, (first) => teacher!.apply(all(first), { training: false }) as tf.Tensor) as tf.Tensor2D; // prettier-ignore
  };
  return (outputs, targets, about) => {
    const learned = teacherLoss(outputs, said(outputs, about), temperature);
    if (share === 1) return learned;
    return tf.add(tf.mul(learned, share), tf.mul(loss(outputs, targets, about), 1 - share));
  };
}
