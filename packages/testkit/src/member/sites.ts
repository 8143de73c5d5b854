// Where members are tried: sites, clocks, and the tensors that go with them.
import * as tf from '@tensorflow/tfjs-core';
import {
  createRng,
  initialClock,
  type Quantizer,
  type QuantizeContext,
  type QuantizerRole,
  type QuantizerSite,
  type Scalars,
  type TrainingClock,
} from '@bitgrad/core';

/** A site with the shape of the tensor that is quantized there. */
export interface Place {
  readonly label: string;
  readonly site: QuantizerSite;
  readonly shape: readonly number[];
}

const kernel = (label: string, shape: number[], channelAxes: number[]): Place => ({
  label,
  site: { role: 'kernel', shape, channelAxes },
  shape,
});
const input = (label: string, shape: number[]): Place => ({
  label,
  site: { role: 'input', shape: shape.slice(1), channelAxes: [-1] },
  shape,
});

/** Every kind of site a layer has: odd sizes, one channel, depthwise and transposed kernels. */
export const places: readonly Place[] = [
  kernel('conv kernel', [3, 3, 2, 5], [-1]),
  kernel('dense kernel', [7, 3], [-1]),
  kernel('one-channel kernel', [5, 1], [-1]),
  kernel('depthwise kernel', [3, 3, 3, 2], [-2, -1]),
  kernel('transposed conv kernel', [2, 2, 3, 4], [-2]),
  input('image input', [2, 3, 3, 5]),
  input('dense input', [4, 7]),
];

/** The places of some roles. */
export const placesOf = (roles: readonly QuantizerRole[]): readonly Place[] =>
  places.filter(({ site }) => roles.includes(site.role));

const clockAt = (step: number): TrainingClock => ({
  step,
  epoch: Math.floor(step / 10),
  totalSteps: 100,
  learningRate: 0.1,
  learningRateSum: step / 10,
});

/** No clock, and the start, the middle and the end of a run. */
export const clocks: readonly TrainingClock[] = [initialClock, clockAt(0), clockAt(37), clockAt(100)];

/** Values in about [-2.5, 2.5], with both zeros among them; decided by the label. */
export function sampleValues(label: string, size: number): Float32Array {
  const rng = createRng(20240217).fork(label);
  const values = Float32Array.from({ length: size }, () => rng.normal() * 0.8);
  if (size > 2) values.set([0, -0], size >> 1);
  return values;
}

/** A tensor for a place. */
export const sampleTensor = (place: Place): tf.Tensor =>
  tf.tensor(sampleValues(place.label, tf.util.sizeFromShape([...place.shape])), [...place.shape], 'float32');

/** The learned tensors of a quantizer at a site, moved away from their start so that none is neutral. */
export function sampleParameters(quantizer: Quantizer, site: QuantizerSite): Record<string, tf.Tensor> {
  const rng = createRng(7);
  return Object.fromEntries(
    (quantizer.parameters?.(site) ?? []).map((spec) => {
      const values = spec.initialize(rng.fork(spec.name)).map((v) => v + 0.1 * rng.normal());
      return [spec.name, tf.tensor(values, [...spec.shape], 'float32')];
    }),
  );
}

/** A context of a half that is tried alone. */
export const plainContext = (site: QuantizerSite, scalars: Scalars, hard = false): QuantizeContext => ({
  site,
  clock: initialClock,
  training: false,
  hard,
  scalars,
  parameters: {},
});
