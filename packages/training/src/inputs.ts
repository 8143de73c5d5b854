// What every function that runs a model on a split has to know of the two.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, type OutputKind } from '@bitgrad/core';
import { checkLabels, checkSplit, type Examples } from '@bitgrad/datasets';
import { expectModel, outputKindOf } from '@bitgrad/layers';
import type { Answers } from './step.js';

const mismatch = (what: string, got: unknown, expected: string, next?: string): BitgradError =>
  new BitgradError({ code: 'shape-mismatch', source: 'training', what, got, expected, next });

/**
 * Number of classes: the last axis of the model's one output.
 * @throws BitgradError `invalid-option` for what is no model, `shape-mismatch` when the output is not [n, classes]
 */
export function classCount(model: LayersModel): number {
  expectModel('training', 'classCount', model);
  const shape = model.outputs.length === 1 ? model.outputs[0]!.shape : undefined;
  const classes = shape?.at(-1);
  if (shape?.length !== 2 || !classes)
    throw mismatch(
      'output of the model',
      model.outputs.map((output) => output.shape),
      'one tensor [n, classes] of logits',
    );
  return classes;
}

const endings: Partial<Record<OutputKind, string>> = {
  probabilities: 'a softmax, which the default loss applies itself',
  sigmoid: 'a sigmoid, and the default loss applies a softmax',
  regression: 'one number, whose softmax is always 1',
};

/**
 * Checks that the default loss, softmax cross-entropy, is one for this model.
 * @throws BitgradError `incompatible` when the model does not give logits
 */
export function expectLogits(model: LayersModel, classes: number): void {
  const ending = endings[outputKindOf(model, classes)];
  if (ending === undefined) return;
  throw new BitgradError({
    code: 'incompatible',
    source: 'training',
    what: `output of model "${model.name}" ends in ${ending}`,
    expected: 'logits [n, classes], one a class and at least two',
    next: 'Leave the last activation out, or give createTrainer a `loss` for this output.',
  });
}

/** Shape of one example of a model's one output. @throws BitgradError `shape-mismatch` */
function outputShape(model: LayersModel): readonly number[] {
  const [output, ...others] = model.outputs;
  const shape = output!.shape.slice(1);
  if (others.length > 0 || shape.length === 0 || shape.some((size) => !size))
    throw mismatch('output of the model', model.outputs.map((each) => each.shape), 'one tensor of known sizes'); // prettier-ignore
  return shape as number[];
}

/** What a model answers of a split's examples. @throws BitgradError `shape-mismatch` where it does not */
export function answersOf(owner: string, model: LayersModel, split: Examples): Answers {
  const { kind = 'class', labelShape = [] } = split;
  // One class an example is what most are trained on, and what is said of their models stays as it is.
  const shape = kind === 'class' && labelShape.length === 0 ? [classCount(model)] : outputShape(model);
  const wanted = kind === 'class' ? [...labelShape, shape.at(-1)!] : labelShape;
  if (wanted.join() !== shape.join())
    throw mismatch(
      'output of the model',
      [null, ...shape],
      `[null, ${wanted.join(', ')}], the ${kind} of the split given to ${owner}`,
    );
  return { kind, shape };
}

/**
 * Checks a split, and that it is data for this model: of its inputs' shapes, with labels of its output's.
 * @param owner for messages: `createTrainer (train)`
 * @returns what the model answers
 * @throws BitgradError `invalid-option`, `shape-mismatch`
 */
export function checkData(owner: string, model: LayersModel, split: Examples): Answers {
  checkSplit(owner, split);
  if (split.size === 0)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'training',
      what: `split given to ${owner}`,
      got: 'no images',
      expected: 'at least one image',
    });
  const shapes = model.inputs.map(({ shape }) => shape.slice(1));
  const given = [split.shape, ...(split.more ?? []).map(({ shape }) => shape)];
  const [wanted] = shapes;
  const fits =
    shapes.length === given.length &&
    shapes.every(
      (shape, i) =>
        shape.length === given[i]!.length && shape.every((size, j) => size === null || size === given[i]![j]),
    );
  if (!fits)
    throw mismatch(
      `shape of the images of the split given to ${owner}`,
      given.length === 1 ? [...split.shape] : given,
      `${shapes.map((shape) => `[${shape.map((size) => size ?? 'any').join(', ')}]`).join(' and ')}, as the model takes it`,
      shapes.length === 1 && wanted!.length === 1
        ? 'Begin the model with a flatten layer that has the inputShape of the images.'
        : undefined,
    );
  const answers = answersOf(owner, model, split);
  checkLabels(owner, split, answers.shape.at(-1)!);
  return answers;
}
