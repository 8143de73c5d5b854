// Small quantizers for tests of the layers: the published ones are in the quantizer packages.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import {
  defineForward,
  definePlugin,
  defineQuantizer,
  defineSurrogate,
  E,
  growingSchedule,
  scaledSignPair,
  use,
} from '@bitgrad/core';

const x = E.input('x');

export const signForward = defineForward({
  name: 'test-sign',
  options: {},
  alphabet: 'pm1',
  levels: [-1, 1],
  soft: false,
  formula: (v) => (v < 0 ? -1 : 1),
  expression: () => E.sign(x),
});

export const clipped = defineSurrogate({
  name: 'test-clipped',
  options: {},
  formula: (v) => (Math.abs(v) <= 1 ? 1 : 0),
  expression: () => E.le(E.abs(x), 1),
});

export const identity = defineSurrogate({
  name: 'test-identity',
  options: {},
  formula: () => 1,
  expression: () => E.constant(1),
});

/** sign with the clipped straight-through estimator. */
export const sign = () =>
  defineQuantizer({
    name: 'test-ste',
    options: {},
    description: 'test',
    forward: signForward,
    surrogate: clipped,
  });

/** sign, of kernels times mean |w| of the layer, as quantizers have it whose scale is an option. */
const kernelScaled = () =>
  defineQuantizer({
    name: 'test-kernel-scaled',
    options: {},
    description: 'test',
    ...scaledSignPair({ scale: 'layer' }, clipped),
  });

/** sign times mean |w| of each output channel, or of each example for inputs. */
const scaledSign = () =>
  defineQuantizer({
    name: 'test-scaled',
    options: {},
    description: 'test',
    surrogate: identity,
    forward: defineForward({
      ...signForward,
      name: 'test-scaled-sign',
      scale: (v, { site }) => {
        const keep = site.role === 'input' ? [0] : site.channelAxes.map((axis) => axis + v.rank);
        return tf.mean(
          tf.abs(v),
          v.shape.map((_, i) => i).filter((i) => !keep.includes(i)),
          true,
        );
      },
    }),
  });

/** sign(x - threshold), with a learned threshold of each channel (RSign). */
const learnedThreshold = () =>
  defineQuantizer({
    name: 'test-rsign',
    options: {},
    description: 'test',
    surrogate: clipped,
    forward: defineForward({
      ...signForward,
      name: 'test-shifted-sign',
      prepare: (v, { parameters }) => tf.sub(v, parameters['threshold']!),
    }),
    parameters: (site) => [
      {
        name: 'threshold',
        shape: [site.shape.at(-1)!],
        deployed: true,
        initialize: (rng) => Float32Array.from({ length: site.shape.at(-1)! }, () => rng.next() - 0.5),
      },
    ],
  });

/** tanh(steepness x) in training, sign when hardened; steepness by the clock; a noise parameter that is not deployed. */
export const soft = (options: { maxSteepness?: number; T?: string } = {}) =>
  defineQuantizer({
    name: 'test-soft',
    options: { maxSteepness: 9, T: 'BN_x', ...options },
    description: 'test',
    surrogate: identity,
    forward: defineForward({
      ...signForward,
      name: 'test-tanh',
      soft: true,
      formula: (v, { steepness }) => Math.tanh(steepness! * v),
      hardFormula: (v) => (v < 0 ? -1 : 1),
      expression: ({ steepness }) => E.tanh(E.mul(x, steepness!)),
      hardExpression: () => E.sign(x),
    }),
    schedule: growingSchedule('steepness', { growth: 'linear', start: 1, end: options.maxSteepness ?? 9 }),
    capabilities: { needsClock: true },
    parameters: (site) => [
      {
        name: 'noise',
        shape: [site.shape.at(-1)!],
        deployed: false,
        initialize: () => new Float32Array(site.shape.at(-1)!).fill(0.5),
      },
    ],
    augment: (y, _, { parameters }) => tf.add(y, parameters['noise']!),
  });

use(
  definePlugin({
    name: 'test-plugin',
    version: '1.0.0',
    quantizers: {
      'test-ste': sign,
      'test-kernel-scaled': kernelScaled,
      'test-scaled': scaledSign,
      'test-rsign': learnedThreshold,
      'test-soft': soft,
    },
    surrogates: { 'test-clipped': () => clipped, 'test-identity': () => identity },
    forwards: { 'test-sign': () => signForward },
  }),
);
