// What a model of a recipe answers, by the labels of its data: how its graph begins and ends, and the scale of its loss.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Examples } from '@bitgrad/datasets';
import { batchNorm } from '@bitgrad/layers';
import { BitgradError } from '@bitgrad/core';

/** Mean and standard deviation of each column. */
interface Moments {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Moments of rows of numbers in float64; a constant column has std 1. */
function momentsOf(values: ArrayLike<number>, width: number): Moments {
  const count = values.length / width;
  const columns = Array.from({ length: width }, (_, c) => c);
  const sum = (of: (value: number, column: number) => number): number[] => {
    const sums = new Array<number>(width).fill(0);
    for (let i = 0; i < values.length; i++) sums[i % width]! += of(values[i]!, i % width);
    return sums;
  };
  const mean = sum((v) => v).map((s) => s / count);
  const squares = sum((v, c) => (v - mean[c]!) ** 2);
  return { mean, std: columns.map((c) => Math.sqrt(squares[c]! / count) || 1) };
}

/** Of floats, what a model standardizes its input by. */
export const inputMoments = ({ images, shape, type }: Examples): Moments | undefined =>
  type === 'f32' ? momentsOf(images, shape.at(-1)!) : undefined;

/** Of values, their moments in training. */
export const valueMoments = ({ labels, kind, labelShape = [1] }: Examples): Moments | undefined =>
  kind === 'values' ? momentsOf(labels, labelShape.at(-1)!) : undefined;

/**
 * A model whose output is that of the labels: classes keep their logits, labels get sigmoids, and values are brought from a mean
 * of 0 and a deviation of 1 to their units, by a layer that does not train.
 */
export function withEnd(model: tfl.LayersModel, train: Examples): tfl.LayersModel {
  const end = (layer: tfl.layers.Layer) =>
    tfl.model({
      inputs: model.inputs,
      outputs: layer.apply(model.outputs[0]!) as tfl.SymbolicTensor,
      name: model.name,
    });
  if (train.kind === 'labels') return end(tfl.layers.activation({ activation: 'sigmoid', name: 'sigmoid' }));
  const moments = valueMoments(train);
  if (!moments) return model;
  const units = batchNorm({ name: 'units', epsilon: 1e-12, trainable: false });
  const ended = end(units);
  const { mean, std } = moments;
  const weights = [
    tf.tensor1d([...std]),
    tf.tensor1d([...mean]),
    tf.zeros([std.length]),
    tf.ones([std.length]),
  ];
  units.setWeights(weights);
  tf.dispose(weights);
  return ended;
}

/**
 * Weights of classes from text: `balanced`, n / (classes * images of the class), or numbers with commas.
 * @throws BitgradError `invalid-option`
 */
export function parseClassWeights(
  text: string,
  { labels, kind = 'class' }: Examples,
  classes: number,
): number[] {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (
    kind !== 'class' ||
    (text !== 'balanced' && !(numbers.length === classes && numbers.every((n) => n >= 0)))
  )
    throw new BitgradError({
      code: 'invalid-option',
      source: 'recipe',
      what: '--class-weights',
      got: text,
      expected:
        kind === 'class' ? `balanced, or ${classes} numbers, 0 or more` : `none: the labels are ${kind}`,
    });
  if (text !== 'balanced') return numbers;
  const counts = new Array<number>(classes).fill(0);
  labels.forEach((label) => (counts[label]! += 1));
  return counts.map((count) => (count === 0 ? 1 : labels.length / (classes * count)));
}
