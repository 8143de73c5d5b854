// The shape of one example, with every size known: the model's own, or one that is given for sizes it leaves open.
import type * as tfl from '@tensorflow/tfjs-layers';
import { failureOf } from '@bitgrad/core';
import { expectModel } from './expect-model.js';

const show = (shape: readonly (number | null)[]): string => `[${shape.map((d) => d ?? 'any').join(', ')}]`;

/**
 * @param source the package that asks, without the scope
 * @param model with one input
 * @param given the shape of one example, where the model leaves sizes open
 * @returns positive integers, without the batch axis
 * @throws BitgradError `shape-mismatch` where a size is not known, or what is given is not the model's
 */
export function fixedInputShape(source: string, model: tfl.LayersModel, given?: readonly number[]): number[] {
  expectModel(source, 'inputShape', model);
  const shape = model.inputs[0]!.shape.slice(1);
  const fits =
    given === undefined ||
    (Array.isArray(given) &&
      given.length === shape.length &&
      given.every((d, i) => Number.isSafeInteger(d) && d > 0 && (shape[i] ?? d) === d));
  if (!fits)
    throw failureOf(source)('shape-mismatch', {
      what: `inputShape for model "${model.name}"`,
      got: given,
      expected: `the shape of one example, positive integers as in ${show(shape)}`,
    });
  const open = shape.findIndex((d) => typeof d !== 'number');
  if (given === undefined && open >= 0)
    throw failureOf(source)('shape-mismatch', {
      what: `input shape of model "${model.name}": size ${open} is not known`,
      got: show(shape),
      expected: 'the size of every axis',
      next: `Give the shape of one example that the model will run on: inputShape: [${shape.map((d) => d ?? (shape.length === 3 ? 224 : 1000)).join(', ')}].`,
    });
  return [...(given ?? (shape as number[]))];
}
