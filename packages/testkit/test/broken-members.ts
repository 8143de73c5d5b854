// One broken member for each case that members of all kinds share: each violates that case only.
import * as tf from '@tensorflow/tfjs-core';
import { changed, tried } from './good.js';

type Create<T> = (options?: object) => T;
interface Subject<T> {
  create: Create<T>;
  options: object[];
  invalid: object[];
}

/** Fixtures of the option cases, from a factory of good members. */
export const brokenOptions = <T extends { options: object }>(good: Create<T>): Record<string, Subject<T>> => {
  const one = good();
  const allow =
    (bad: (options: Record<string, unknown>) => boolean): Create<T> =>
    (options) => {
      const given = { ...options } as Record<string, unknown>;
      return bad(given) ? good() : good(options);
    };
  return {
    'is frozen': { ...tried, create: (options) => ({ ...good(options) }) },
    'is made anew by each call, and equal': {
      ...tried,
      create: (options) => (options && Object.keys(options).length > 0 ? good(options) : one),
    },
    'has options that survive JSON and rebuild it': {
      ...tried,
      create: (options) => changed(good(options), { options: { clip: 1 } } as unknown as Partial<T>),
    },
    'refuses options it does not know': {
      ...tried,
      create: ({ noSuchOption: _, ...rest }: { noSuchOption?: unknown } = {}) => good(rest),
    },
    'refuses options of a wrong type': {
      ...tried,
      create: allow(({ clip }) => typeof clip === 'object'),
    },
    'refuses values out of range': { ...tried, create: allow(({ clip }) => clip === -1) },
  };
};

const flipZeros = (y: tf.Tensor): tf.Tensor =>
  tf.tensor(
    // A cast from bool may share its bytes.
    Float32Array.from(y.dataSync(), (v) => (v === 0 ? -0 : v)),
    y.shape,
    'float32',
  );

/** How a good tensor function goes wrong, by the case that must notice; outputs hold zeros. */
export const brokenBehaviour: Record<string, () => (y: tf.Tensor, x: tf.Tensor) => tf.Tensor> = {
  'keeps shape and dtype': () => (y) => tf.expandDims(y, 0),
  'leaves its input alone': () => (y, x) => {
    // The cpu backend hands out its own array.
    x.dataSync()[0] = 7;
    return tf.clone(y);
  },
  'gives the same output for the same input': () => {
    let calls = 0;
    // 0 and -0 are equal to every tolerance; their bits are not.
    return (y) => (calls++ % 2 === 0 ? tf.clone(y) : flipZeros(y));
  },
  'leaks no tensors': () => (y) => {
    tf.keep(tf.scalar(1));
    return tf.clone(y);
  },
};
