// What compileModel takes: a built model of tfjs-layers whose numbers are finite. Whatever else is given is named, with
// what to do about it, before anything is lowered.
import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { failureOf } from '@bitgrad/core';
import { layersOf, QuantLayer } from '@bitgrad/layers';

const failure = failureOf('compiler');

/** What people pass in place of a model, and what they should do. */
const instead = (value: unknown): string => {
  if (typeof value === 'string')
    return 'Load it first: await loadLayersModel(...) of @tensorflow/tfjs-layers, or use `bitgrad compile <folder>`.';
  if (typeof (value as PromiseLike<unknown> | null)?.then === 'function')
    return 'It is a promise: await it first.';
  return 'Pass a Sequential or functional model.';
};

const isModel = (value: unknown): value is tfl.LayersModel =>
  typeof value === 'object' &&
  value !== null &&
  Array.isArray((value as tfl.LayersModel).layers) &&
  typeof (value as tfl.LayersModel).predict === 'function';

/**
 * Checks the model that is to be compiled.
 * @throws BitgradError `invalid-option` for what is no model, or one without layers or input shape
 */
export function checkModelArgument(value: unknown): asserts value is tfl.LayersModel {
  if (!isModel(value))
    throw failure('invalid-option', {
      what: 'model',
      got: value === undefined ? 'nothing' : value,
      expected: 'a model of @tensorflow/tfjs-layers',
      next: instead(value),
    });
  if (value.layers.length === 0)
    throw failure('invalid-option', {
      what: `model "${value.name}" has no layers`,
      next: 'Add layers, train it, then compile it.',
    });
  if (!value.inputs?.length || !value.outputs?.length)
    throw failure('invalid-option', {
      what: `model "${value.name}" is not built: its input shape is not known`,
      next: 'Give the first layer an inputShape, or call model.build([null, ...shape]) before training.',
    });
}

/** Weights that are dropped when a model is compiled, such as the noise of a quantizer in training. */
const dropped = (layer: tfl.layers.Layer): ReadonlySet<unknown> =>
  new Set(
    layer instanceof QuantLayer
      ? [...layer.slots.values()].flatMap(({ parameters }) =>
          parameters.filter(({ spec }) => !spec.deployed).map(({ weight }) => weight),
        )
      : [],
  );

/**
 * Checks that every deployed weight and statistic is finite: signs and thresholds would hide a NaN.
 * @throws BitgradError `not-finite` that names layer and weight; `disposed`
 */
export function checkWeights(model: tfl.LayersModel): void {
  for (const layer of layersOf(model)) {
    const ignored = dropped(layer);
    for (const weight of layer.weights) {
      if (ignored.has(weight)) continue;
      const name = `${weight.originalName.split('/').at(-1)} of layer "${layer.name}"`;
      const values = valuesOf(weight, name);
      const at = firstNotFinite(values);
      if (at >= 0)
        throw failure('not-finite', {
          what: `${name}, element ${at} of ${values.length}`,
          got: values[at],
          expected: 'finite numbers',
          next: 'Training has diverged, or saw a row that is not finite: look at the data and the learning rate, and go back to a checkpoint from before.',
        });
      if (/moving_variance$/.test(name.split(' ')[0]!) && values.some((x) => x < 0))
        throw failure('not-finite', {
          what: name,
          got: values.find((x) => x < 0),
          expected: 'variances, 0 or more (the square root of less is not finite)',
        });
    }
  }
}

const firstNotFinite = (values: Float32Array): number => {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
};

const valuesOf = (weight: { read(): tf.Tensor }, name: string): Float32Array => {
  let tensor: tf.Tensor;
  try {
    tensor = weight.read();
  } catch (cause) {
    throw failure('disposed', { what: name, next: 'Compile the model before disposing it.', cause });
  }
  if (tensor.isDisposed)
    throw failure('disposed', { what: name, next: 'Compile the model before disposing it.' });
  return tensor.dataSync() as Float32Array;
};
