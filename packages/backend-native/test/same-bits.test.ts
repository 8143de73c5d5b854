// Training kernels against those of backend-wasm, which are written in another language: the same bits on every instruction set
// and any number of threads, for results and gradients of any geometry.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { wasm } from '@bitgrad/backend-wasm';
import {
  binaryOps,
  createRng,
  E,
  elementwise,
  runKernel,
  signConv2d,
  unaryOps,
  type BackendAdapter,
  type Expression,
} from '@bitgrad/core';
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
  return tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, number), [...shape]);
}

/** y and the gradients of sum(y * weights) with uneven weights. */
const withGradients =
  (f: (...inputs: tf.Tensor[]) => tf.Tensor) =>
  (...inputs: tf.Tensor[]): tf.Tensor[] => {
    const y = f(...inputs);
    return [y, ...tf.grads(f)(inputs, tf.reshape(tf.sin(tf.range(1, y.size + 1)), y.shape))];
  };

function convolution(i: number): Case {
  const channels = i % 5 === 0 ? [16, 48, 112, 64, 32, 176][(i / 5) % 6]! : between(1, i % 3 === 0 ? 70 : 20);
  const [kh, kw, c] = [between(1, 4), between(1, 4), channels];
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

/** The convolution of signs of latent tensors, zeros of both signs among them. */
function latent(i: number): Case {
  const [kh, kw, c] = [between(1, 4), between(1, 4), [1, 9, 16, 32, 33, 64, 112][i % 7]!];
  // Images and their rows are dealt out among lanes: few images and many, of one row too.
  const [n, height] = i < 14 ? [between(1, 5), between(kh, 20)] : [between(14, 35), between(kh, 6)];
  const image = [n, height, between(kw, 20), c];
  const filter = [kh, kw, c, [1, 7, 16, 40, 64, 130][i % 6]!];
  const stride: [number, number] = i % 3 === 0 ? [between(1, 2), between(1, 2)] : [1, 1];
  const padding = i % 2 === 0 ? ('same' as const) : ('valid' as const);
  const surrogate = E.max(0, E.sub(1, E.abs(E.input('x'))));
  const zeros = (x: tf.Tensor) => tf.where(tf.less(tf.abs(x), 0.2), tf.mul(x, 0), x);
  return {
    name: `signs of ${image} * ${filter}, strides ${stride}, ${padding}`,
    shapes: [image, filter],
    compute: (x, w) =>
      withGradients((a, b) =>
        signConv2d({ x: a!, surrogate }, { x: b!, surrogate }, { strides: stride, padding }),
      )(zeros(x!), zeros(w!)),
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

/** Every operation, on ordinary numbers, large ones, and what has rules of its own; of a vector and a scalar too. */
function expressions(i: number): Case {
  const shape = [[1000], [37, 16], [3, 5, 7], [2, 700]][i % 4]!;
  const [x, y, z] = [E.input('x'), E.input('y'), E.input('z')];
  const wide = E.mul(x, [1, 100, 1e4, 1e-3][i >> 2]!);
  const all: Expression[] = [
    ...unaryOps.map((op) => E[op](wide)),
    ...binaryOps.map((op) => E[op](wide, E.add(y, z))),
    E.select(E.gt(x, y), E.div(wide, E.sub(x, x)), E.mul(x, z)),
  ];
  return {
    name: `expressions on [${shape}], ${i}`,
    shapes: [shape, [shape.at(-1)!], []],
    compute: (...[a, b, c]) => all.map((e) => elementwise(e, { x: a!, y: b!, z: c! }, shape)),
  };
}

function normalization(shape: readonly number[]): Case {
  const c = shape.at(-1)!;
  return {
    name: `batch normalization of [${shape}]`,
    shapes: [[...shape], [c], [c], [...shape]],
    compute(x, gamma, beta, dy) {
      const moved = tf.add(x!, 30);
      const [y, mean, variance, inverseStd] = runKernel(
        'BitgradBatchNormTrain',
        { x: moved, gamma: gamma!, beta: beta! },
        { epsilon: 1e-3 },
      ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const inputs = { x: moved, dy: dy!, gamma: gamma!, mean, inverseStd };
      return [y, mean, variance, inverseStd, ...runKernel('BitgradBatchNormTrainGrad', inputs)];
    },
  };
}

function pool(i: number): Case {
  const window: [number, number] = [between(1, 3), between(1, 3)];
  const stride: [number, number] = i % 3 === 0 ? window : [between(1, 3), between(1, 3)];
  const shape = [between(1, 4), between(3, 12), between(3, 12), [1, 7, 8, 20, 64][i % 5]!];
  const pad = i % 2 === 0 ? 'same' : 'valid';
  const [max, mean] = [tf.maxPool, tf.avgPool].map((f) =>
    withGradients((x) => f(x as tf.Tensor4D, window, stride, pad)),
  );
  return {
    name: `pools of [${shape}], window ${window}, strides ${stride}, ${pad}`,
    shapes: [shape],
    signs: [i % 4 === 0],
    compute: (x) => [...max!(x!), ...mean!(x!)],
  };
}

/** Results that are written past the caches, as they are from 1 MB a thread on; odd numbers of channels, and many. */
const large: readonly Case[] = [
  normalization([5, 140, 60, 13]),
  normalization([450, 600]),
  {
    name: 'a large expression and a large sum',
    shapes: [[653, 807], [807], [653, 807]],
    compute: (x, y, z) => [
      elementwise(E.sub(E.mul(E.input('x'), E.input('y')), E.input('x')), { x: x!, y: y! }, x!.shape),
      tf.add(x!, z!),
    ],
  },
  {
    name: 'a large packed product',
    shapes: [
      [4, 47, 43, 9],
      [3, 3, 9, 65],
    ],
    signs: [true, true],
    compute: (x, filter) =>
      runKernel(
        'BitgradBinaryConv2D',
        { x: x!, filter: filter! },
        { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], padValue: 0 },
      ),
  },
];

const step: Case = {
  name: 'steps of optimizers',
  shapes: [[1003], [1003], [1003], [1003]],
  compute(value, gradient, m, v) {
    const adam = {
      learningRate: 0.01,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-7,
      correction1: 0.1,
      correction2: 0.2,
    };
    const inputs = { value: value!, gradient: gradient! };
    return [
      ...runKernel('BitgradAdamStep', { ...inputs, m: m!, v: tf.square(v!) }, adam),
      ...[true, false].flatMap((nesterov) =>
        runKernel(
          'BitgradMomentumStep',
          { ...inputs, velocity: v! },
          { learningRate: 0.1, momentum: 0.9, nesterov },
        ),
      ),
    ];
  },
};

const cases: readonly Case[] = [
  ...Array.from({ length: 24 }, (_, i) => convolution(i)),
  ...Array.from({ length: 16 }, (_, i) => packed(i)),
  ...Array.from({ length: 22 }, (_, i) => latent(i)),
  ...Array.from({ length: 8 }, (_, i) => product(i)),
  ...Array.from({ length: 16 }, (_, i) => expressions(i)),
  ...Array.from({ length: 14 }, (_, i) =>
    normalization([between(1, 40), between(1, 40), [1, 5, 8, 16, 33, 64, 100][i % 7]!]),
  ),
  ...Array.from({ length: 15 }, (_, i) => pool(i)),
  step,
  long,
  ...large,
];

async function bitsOn(adapter: BackendAdapter): Promise<Buffer[][]> {
  await adapter.start();
  // One NaN is as good as another.
  const plain = (t: tf.Tensor) => (t.dataSync() as Float32Array).map((v) => (Number.isNaN(v) ? NaN : v));
  const results = cases.map(({ shapes, signs = [], compute }) => {
    // Read outside of tidy, which looks at each byte of a buffer that it returns for tensors.
    const made = tf.tidy(() => compute(...shapes.map((shape, i) => values(shape, signs[i] ?? false, i + 1))));
    const buffers = made.map((t) => Buffer.from(plain(t).buffer));
    tf.dispose(made);
    return buffers;
  });
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
