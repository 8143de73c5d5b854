// Training kernels against those of backend-wasm, which are written in another language: the same bits on every instruction set
// and any number of threads, for results and gradients of any geometry.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { wasm } from '@bitgrad/backend-wasm';
import { createRng, runKernel, type BackendAdapter } from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import { native } from '../src/index.js';
import { reasonToSkip, sets } from './support/addon.js';

/** A computation on tensors of the given shapes; `signs` are +-1, others normal. */
interface Case {
  readonly name: string;
  readonly shapes: readonly number[][];
  readonly signs?: readonly boolean[];
  compute(...inputs: tf.Tensor[]): tf.Tensor[];
}

const rng = createRng(5);
const between = (low: number, high: number): number => low + rng.integer(high - low + 1);

function values(shape: readonly number[], signs: boolean, seed: number): tf.Tensor {
  const own = createRng(seed);
  const number = (): number => (signs ? (own.next() < 0.5 ? -1 : 1) : own.normal());
  return tf.tensor(Array.from({ length: shape.reduce((a, b) => a * b, 1) }, number), [...shape]);
}

/** y and the gradients of sum(y * weights) with uneven weights. */
const withGradients =
  (f: (...inputs: tf.Tensor[]) => tf.Tensor) =>
  (...inputs: tf.Tensor[]): tf.Tensor[] => {
    const y = f(...inputs);
    return [y, ...tf.grads(f)(inputs, tf.reshape(tf.sin(tf.range(1, y.size + 1)), y.shape))];
  };

function convolution(i: number): Case {
  const [kh, kw, c] = [between(1, 4), between(1, 4), between(1, i % 3 === 0 ? 70 : 20)];
  const image = [between(1, 4), between(kh, 14), between(kw, 14), c];
  const filter = [kh, kw, c, between(1, i % 2 === 0 ? 80 : 20)];
  const stride: [number, number] = [between(1, 3), between(1, 3)];
  const pad = i % 2 === 0 ? 'same' : 'valid';
  const signs = [i % 4 < 2, i % 4 > 0];
  return {
    name: `convolution ${image} * ${filter}, strides ${stride}, ${pad}, signs ${signs}`,
    ...{ shapes: [image, filter], signs },
    compute: withGradients((x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad)),
  };
}

function packed(i: number): Case {
  const [kh, kw, c] = [between(1, 4), between(1, 4), [1, 8, 9, 16, 17, 64, 130, 33][i % 8]!];
  const [dh, dw] = i % 3 === 0 ? [2, 2] : [1, 1];
  const image = [between(1, 3), between(dh * kh, 11), between(dw * kw, 11), c];
  const filter = [kh, kw, c, [1, 7, 64, 65, 130][i % 5]!];
  const attributes = {
    strides: [between(1, 2), between(1, 2)],
    pads: [between(0, 2), between(0, 2), between(0, 2), between(0, 2)],
    dilations: [dh, dw],
    padValue: i % 2,
  };
  return {
    name: `packed ${image} * ${filter} ${JSON.stringify(attributes)}`,
    ...{ shapes: [image, filter], signs: [true, true] },
    compute: (x, filter) => runKernel('BitgradBinaryConv2D', { x: x!, filter: filter! }, attributes),
  };
}

function product(i: number): Case {
  const [m, k, n] = [between(1, 90), between(1, 140), between(1, 90)];
  const signs = [i % 4 < 2, i % 4 > 0];
  return {
    name: `product ${m} x ${k} x ${n}, signs ${signs}`,
    ...{
      shapes: [
        [m, k],
        [k, n],
      ],
      signs,
    },
    compute: withGradients((a, b) => tf.matMul(a, b)),
  };
}

const long: Case = {
  name: 'a packed product of more levels than 16 bits count',
  ...{
    shapes: [
      [5, 70_000],
      [70_000, 3],
    ],
    signs: [true, true],
  },
  compute: (a, b) => runKernel('BitgradBinaryMatMul', { a: a!, b: b! }),
};

const cases: readonly Case[] = [
  ...Array.from({ length: 24 }, (_, i) => convolution(i)),
  ...Array.from({ length: 16 }, (_, i) => packed(i)),
  ...Array.from({ length: 8 }, (_, i) => product(i)),
  long,
];

async function bitsOn(adapter: BackendAdapter): Promise<Buffer[][]> {
  await adapter.start();
  const results = cases.map(({ shapes, signs = [], compute }) =>
    tf.tidy(() => {
      const inputs = shapes.map((shape, i) => values(shape, signs[i] ?? false, i + 1));
      return compute(...inputs).map((t) => Buffer.from((t.dataSync() as Float32Array).slice().buffer));
    }),
  );
  await adapter.dispose();
  return results;
}

describe.skipIf(reasonToSkip())('the same bits as on wasm', () => {
  const expected = bitsOn(wasm({ threads: 1 }));
  const configurations = [...sets().map((isa) => ({ isa, threads: 1 })), { threads: 2 }, { threads: 5 }];
  it.each(configurations)('%j', { timeout: 120_000 }, async (options) => {
    const wanted = await expected;
    const got = await bitsOn(native(options));
    got.forEach((buffers, i) =>
      buffers.forEach((buffer, k) =>
        expect(Buffer.compare(buffer, wanted[i]![k]!), `${cases[i]!.name}, result ${k}`).toBe(0),
      ),
    );
  });
});
