// Kernels on which a statistic vanishes: nothing may be divided by it.
import * as tf from '@tensorflow/tfjs-core';
import { quantize, type Quantizer, type TrainingClock } from '@bitgrad/core';
import { ensure } from '../case.js';
import { sampleParameters, sampleTensor, type Place } from './sites.js';

/** Larger gradients, for an incoming gradient of 1, come from a division by what is 0. */
const largest = 1e3;

/** A place whose kernel has one element, with the axes of another. */
const single = (place: Place): Place => {
  const shape = place.shape.map(() => 1);
  return { label: `${place.label} of one element`, shape, site: { ...place.site, shape } };
};

const kernelsOf = (place: Place): [label: string, x: tf.Tensor][] => {
  const shape = [...place.shape];
  const channels = place.site.channelAxes;
  const firstChannel = shape.map((size, axis) =>
    channels.some((c) => (c < 0 ? c + shape.length : c) === axis) ? size : 1,
  );
  const mask = tf.buffer(
    firstChannel as [number],
    'float32',
    new Float32Array(tf.util.sizeFromShape(firstChannel)).fill(1),
  );
  mask.values[0] = 0;
  return [
    ['zeros', tf.zeros(shape)],
    ['a constant', tf.fill(shape, 0.1)],
    ['a negative constant', tf.fill(shape, -0.3)],
    ['a channel of zeros', tf.mul(sampleTensor(place), mask.toTensor())],
  ];
};

/** F is a number and the gradient no quotient of a vanished statistic, on kernels of zeros, constants and one element. */
export function checkDegenerate(quantizer: Quantizer, place: Place, clock: TrainingClock): void {
  for (const at of [place, single(place)])
    tf.tidy(() => {
      const { site } = at;
      const parameters = sampleParameters(quantizer, site);
      for (const [label, x] of kernelsOf(at)) {
        const f = (t: tf.Tensor) => quantize(quantizer, t, { site, clock, parameters });
        const [value, gradient] = [
          f(x).dataSync(),
          tf
            .grad((t) => tf.sum(f(t)))(x)
            .dataSync(),
        ];
        const what = `on a kernel of ${label} (${at.label}, step ${clock.step} of ${clock.totalSteps})`;
        ensure(
          Array.from(value).every(Number.isFinite),
          `F ${what}`,
          [...value.slice(0, 4)],
          'finite numbers',
        );
        const most = Array.from(gradient).reduce((a, g) => (Math.abs(g) <= a ? a : Math.abs(g)), 0);
        ensure(most <= largest, `the gradient ${what}`, most, `at most ${largest} for a gradient of 1`);
      }
    });
}
