// Weights and statistics are finite before anything is lowered: signs and thresholds would hide a NaN.
import type * as tfl from '@tensorflow/tfjs-layers';
import { failureOf } from '@bitgrad/core';
import { isQuantLayer, layersOf } from '@bitgrad/layers';

const failure = failureOf('compiler');

/** Weights that are dropped when a model is compiled, such as the noise of a quantizer in training. */
const dropped = (layer: tfl.layers.Layer): ReadonlySet<unknown> =>
  new Set(
    isQuantLayer(layer)
      ? [...layer.slots.values()].flatMap(({ parameters }) =>
          parameters.filter(({ spec }) => !spec.deployed).map(({ weight }) => weight),
        )
      : [],
  );

/**
 * Checks that every deployed weight and statistic is finite.
 * @throws BitgradError `not-finite` that names layer and weight
 */
export function checkWeights(model: tfl.LayersModel): void {
  for (const layer of layersOf(model)) {
    const ignored = dropped(layer);
    for (const weight of layer.weights) {
      if (ignored.has(weight)) continue;
      const name = `${weight.originalName.split('/').at(-1)} of layer "${layer.name}"`;
      const values = weight.read().dataSync() as Float32Array;
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
