// What every function that runs a model on a split has to know of the two.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, type OutputKind } from '@bitgrad/core';
import { checkLabels, checkSplit, type Split } from '@bitgrad/datasets';
import { expectModel, outputKindOf } from '@bitgrad/layers';

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
export function expectLogits(model: LayersModel): void {
  const ending = endings[outputKindOf(model, classCount(model))];
  if (ending === undefined) return;
  throw new BitgradError({
    code: 'incompatible',
    source: 'training',
    what: `output of model "${model.name}" ends in ${ending}`,
    expected: 'logits [n, classes], one a class and at least two',
    next: 'Leave the last activation out, or give createTrainer a `loss` for this output.',
  });
}

/**
 * Checks a split, and that it is data for this model: images of its input shape, labels of its classes.
 * @param owner for messages: `createTrainer (train)`
 * @throws BitgradError `invalid-option`, `shape-mismatch`
 */
export function checkData(owner: string, model: LayersModel, split: Split): void {
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
  const [wanted] = shapes;
  const fits =
    shapes.length === 1 &&
    wanted!.length === split.shape.length &&
    wanted!.every((size, i) => size === null || size === split.shape[i]);
  if (!fits)
    throw mismatch(
      `shape of the images of the split given to ${owner}`,
      [...split.shape],
      `${shapes.map((shape) => `[${shape.map((size) => size ?? 'any').join(', ')}]`).join(' and ')}, as the model takes it`,
      shapes.length === 1 && wanted!.length === 1
        ? 'Begin the model with a flatten layer that has the inputShape of the images.'
        : undefined,
    );
  checkLabels(owner, split, classCount(model));
}
