// The convolution of signs of latent tensors as one op, against its parts on cpu and, bit for bit, against its parts on wasm.
import * as tf from '@tensorflow/tfjs-core';
import { binaryConv2d, E, signConv2d, type BinaryConv2dOptions, type Expression } from '@bitgrad/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wasm } from '../src/index.js';
import { expectSame, gradients, input, runOn, type Compute } from './support.js';

const adapter = wasm();
beforeAll(() => adapter.start());
afterAll(() => adapter.dispose());

const x = E.input('x');
const surrogates: Readonly<Record<string, Expression>> = {
  clipped: E.le(E.abs(x), 1),
  triangle: E.max(0, E.sub(2, E.mul(2, E.abs(x)))),
  identity: E.constant(1),
};

/** +-1 of a tensor by tfjs ops, with a gradient of dy B(x) by tfjs ops: nothing of the op under test. */
const signsWith = (derivative: (x: tf.Tensor) => tf.Tensor) =>
  tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([x as tf.Tensor]);
    const value = tf.sub(1, tf.mul(2, tf.cast(tf.less(x as tf.Tensor, 0), 'float32')));
    return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, derivative(saved[0]!)) };
  });

const derivatives: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  clipped: (x) => tf.cast(tf.lessEqual(tf.abs(x), 1), 'float32'),
  triangle: (x) => tf.maximum(0, tf.sub(2, tf.mul(2, tf.abs(x)))),
  identity: (x) => tf.onesLike(x),
};

const byParts =
  (name: string, options: BinaryConv2dOptions): ((x: tf.Tensor, w: tf.Tensor) => tf.Tensor) =>
  (x, w) => {
    const signs = signsWith(derivatives[name]!);
    return binaryConv2d(signs(x) as tf.Tensor4D, signs(w) as tf.Tensor4D, options);
  };
const asOne =
  (name: string, options: BinaryConv2dOptions): ((x: tf.Tensor, w: tf.Tensor) => tf.Tensor) =>
  (x, w) =>
    signConv2d({ x, surrogate: surrogates[name]! }, { x: w, surrogate: surrogates['clipped']! }, options);

const small = (max: number) => fc.integer({ min: 1, max });
const cases = fc.record({
  image: fc.tuple(small(5), fc.integer({ min: 4, max: 12 }), fc.integer({ min: 4, max: 12 }), fc.constantFrom(1, 3, 8, 16, 33, 64)),
  kernel: fc.tuple(small(4), small(4)),
  out: fc.constantFrom(1, 7, 16, 40),
  strides: fc.constantFrom<[number, number]>([1, 1], [2, 2], [1, 3]),
  padding: fc.constantFrom('same' as const, 'valid' as const),
  name: fc.constantFrom(...Object.keys(surrogates)),
}); // prettier-ignore

/** Numbers with zeros of both signs among them, whose sign is +1. */
const latent = (seed: number, shape: number[]) => {
  const { values } = input(seed, shape);
  return { shape, values: values.map((v, i) => (i % 7 === 0 ? -0 : i % 11 === 0 ? 0 : v)) };
};

describe('signConv2d', () => {
  it('any geometry and surrogate: as its parts on cpu', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ image, kernel, out, strides, padding, name }) => {
        const inputs = [latent(1, image), latent(2, [...kernel, image[3], out])];
        await expectSame(asOne(name, { strides, padding }), inputs);
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it('any geometry and surrogate: the bits of its parts on wasm', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ image, kernel, out, strides, padding, name }) => {
        const inputs = [latent(1, image), latent(2, [...kernel, image[3], out])];
        const options = { strides, padding };
        const parts: Compute = (x, w) => {
          const filter = signsWith(derivatives['clipped']!);
          const f = (a: tf.Tensor, b: tf.Tensor) =>
            binaryConv2d(signsWith(derivatives[name]!)(a) as tf.Tensor4D, filter(b) as tf.Tensor4D, options);
          return gradients(f as never)(x!, w!);
        };
        const one = await runOn('wasm', gradients(asOne(name, options) as never), inputs);
        expect(one).toEqual(await runOn('wasm', parts, inputs));
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  it('more images than go through the surrogate at once', async () => {
    const inputs = [latent(5, [20, 16, 16, 24]), latent(6, [3, 3, 24, 16])];
    const options = { strides: [1, 1], padding: 'same' } as const;
    const [one, parts] = [asOne('clipped', options), byParts('clipped', options)].map((f) => gradients(f as never)); // prettier-ignore
    expect(await runOn('wasm', one!, inputs)).toEqual(await runOn('wasm', parts!, inputs));
  });
});
