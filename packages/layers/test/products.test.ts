// Every product layer, forward and backward, against sums over taps in plain JS: all strides, paddings, dilations,
// groups and one-padding, with float, 1-bit and scaled 1-bit operands.
import './fixtures.js';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  quantConv1d,
  quantConv2d,
  quantConv2dTranspose,
  quantDense,
  quantDepthwiseConv2d,
  quantSeparableConv2d,
  type ProductLayer,
} from '../src/index.js';
import {
  convTaps,
  depthwiseTaps,
  evaluate,
  gradientAt,
  outputSize,
  quantizeOracle,
  samples,
  transposedSize,
  transposeTaps,
  type ConvShape,
  type Tap,
} from './oracle.js';

interface Case {
  layer: ProductLayer;
  slot: string;
  xShape: number[];
  yShape: number[];
  taps: (tap: Tap) => void;
  padValues: 0 | 1;
  kernel: string | null;
  input: string | null;
  /** Which scale a kernel element has. */
  group: (index: number) => number;
  seed: number;
}

const close = (actual: ArrayLike<number>, expected: readonly number[], what: string) => {
  expect(actual.length, what).toBe(expected.length);
  expected.forEach((value, i) => {
    const tolerance = 2e-5 * Math.max(1, Math.abs(value));
    if (!(Math.abs(actual[i]! - value) <= tolerance))
      expect.fail(`${what}[${i}]: got ${actual[i]}, expected ${value}`);
  });
};

/** Runs a layer on seeded values and compares output, input gradient and kernel gradient with the oracle. */
function check({ layer, slot, xShape, yShape, taps, padValues, kernel, input, group, seed }: Case): void {
  const tensors = tf.memory().numTensors;
  layer.build([null, ...xShape.slice(1)]);
  const variable = layer.kernels.get(slot)!.read() as tf.Variable;
  const xs = samples(seed, tf.util.sizeFromShape(xShape));
  const ws = samples(seed + 1, variable.size);
  const perExample = xs.length / xShape[0]!;
  const size = tf.util.sizeFromShape(yShape);
  const qx = quantizeOracle(input, xs, (i) => Math.floor(i / perExample));
  const qw = quantizeOracle(kernel, ws, group);
  // A padded tap holds the level +1, so a scaled input pads with its scale.
  const padValue = padValues === 0 ? 0 : (output: number) => qx.scale[qx.scale.length > 1 ? Math.floor(output / (size / xShape[0]!)) : 0]!; // prettier-ignore
  const expected = evaluate(taps, qx.value, qw.value, size, padValue, gradientAt);
  tf.tidy(() => {
    variable.assign(tf.tensor(ws, variable.shape));
    const x = tf.tensor(xs, xShape);
    const dy = tf.tensor(
      Array.from({ length: size }, (_, i) => gradientAt(i)),
      yShape,
    );
    const forward = (v: tf.Tensor) => layer.call(v, { training: true });
    const y = forward(x);
    expect(y.shape).toEqual(yShape);
    expect(layer.computeOutputShape([null, ...xShape.slice(1)])).toEqual([null, ...yShape.slice(1)]);
    close(y.dataSync(), expected.y, 'y');
    const dx = tf.grad((v) => tf.sum(tf.mul(forward(v), dy)))(x);
    close(
      dx.dataSync(),
      expected.dx.map((v, i) => v * qx.factor[i]!),
      'dx',
    );
    const { grads } = tf.variableGrads(() => tf.sum(tf.mul(forward(x), dy)), [variable]);
    close(
      grads[variable.name]!.dataSync(),
      expected.dw.map((v, i) => v * qw.factor[i]!),
      'dw',
    );
  });
  layer.weights.forEach((weight) => weight.dispose());
  expect(tf.memory().numTensors).toBe(tensors);
}

const names = fc.constantFrom(null, 'test-ste', 'test-scaled');
const sides = fc.integer({ min: 0, max: 6 });
const shapes = (groups: fc.Arbitrary<number>): fc.Arbitrary<ConvShape> =>
  fc
    .record({
      n: fc.integer({ min: 1, max: 2 }),
      h: fc.integer({ min: 1, max: 7 }),
      w: fc.integer({ min: 1, max: 7 }),
      c: fc.integer({ min: 1, max: 3 }),
      o: fc.integer({ min: 1, max: 3 }),
      kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      dilations: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      padding: fc.oneof(
        fc.constantFrom('valid' as const, 'same' as const),
        fc.tuple(fc.tuple(sides, sides), fc.tuple(sides, sides)),
      ),
      padValues: fc.constantFrom(0 as const, 1 as const),
      groups,
    })
    .map((s) => {
      const least = (a: 0 | 1) => (n: number) => Math.min(n, (s.kernel[a] - 1) * s.dilations[a]);
      const padding: ConvShape['padding'] =
        typeof s.padding === 'string'
          ? s.padding
          : [s.padding[0].map(least(0)) as [number, number], s.padding[1].map(least(1)) as [number, number]];
      return { ...s, padding, c: s.c * s.groups, o: s.o * s.groups };
    });
const fits = (s: ConvShape) =>
  s.padding === 'same' ||
  ([0, 1] as const).every((a) => {
    const [before, after] = typeof s.padding === 'string' ? [0, 0] : s.padding[a];
    return before + (a ? s.w : s.h) + after >= (s.kernel[a] - 1) * s.dilations[a] + 1;
  });

const conv2dCase = (s: ConvShape, kernel: string | null, input: string | null, seed: number): Case => ({
  layer: quantConv2d({
    filters: s.o,
    kernelSize: s.kernel,
    strides: s.strides,
    dilationRate: s.dilations,
    padding: s.padding,
    padValues: s.padValues,
    groups: s.groups,
    kernelQuantizer: kernel,
    inputQuantizer: input,
  }),
  slot: 'kernel',
  xShape: [s.n, s.h, s.w, s.c],
  yShape: [s.n, ...outputSize(s), s.o],
  taps: (tap) => convTaps(s, tap),
  padValues: s.padValues,
  kernel,
  input,
  group: (i) => i % s.o,
  seed,
});

describe('quantConv2d', () => {
  const base: ConvShape = {
    n: 2, h: 5, w: 6, c: 2, o: 3, kernel: [3, 3], strides: [1, 1], dilations: [1, 1], padding: 'same', padValues: 0, groups: 1,
  }; // prettier-ignore
  for (const padding of ['valid', 'same'] as const)
    for (const padValues of [0, 1] as const)
      for (const stride of [1, 2, 3])
        it(`equals the sums over taps: ${padding}, padValues ${padValues}, stride ${stride}`, () => {
          for (const [kernel, input] of [
            ['test-ste', 'test-ste'],
            ['test-scaled', null],
            [null, 'test-scaled'],
          ] as const)
            // prettier-ignore
            check(conv2dCase({ ...base, padding, padValues, strides: [stride, stride] }, kernel, input, 3));
        });

  it('equals the sums over taps for any geometry, dilations and groups included', () => {
    fc.assert(
      fc.property(
        shapes(fc.integer({ min: 1, max: 3 })).filter(fits),
        names,
        names,
        fc.nat(1000),
        (s, kernel, input, seed) => check(conv2dCase(s, kernel, input, seed)),
      ),
      { numRuns: 60, seed: 1 },
    );
  });
});

it('quantConv1d equals a convolution of height 1', () => {
  fc.assert(
    fc.property(
      shapes(fc.constant(1)).map((s): ConvShape => ({ ...s, h: 1, kernel: [1, s.kernel[1]], strides: [1, s.strides[1]], dilations: [1, s.dilations[1]], padding: typeof s.padding === 'string' ? s.padding : [[0, 0], s.padding[1]] })).filter(fits), // prettier-ignore
      names,
      names,
      fc.nat(1000),
      (s, kernel, input, seed) => {
        const twoD = conv2dCase(s, kernel, input, seed);
        check({
          ...twoD,
          layer: quantConv1d({
            filters: s.o,
            kernelSize: s.kernel[1],
            strides: [s.strides[1]],
            dilationRate: s.dilations[1],
            padding: typeof s.padding === 'string' ? s.padding : s.padding[1],
            padValues: s.padValues,
            kernelQuantizer: kernel,
            inputQuantizer: input,
          }),
          xShape: [s.n, s.w, s.c],
          yShape: [s.n, outputSize(s)[1], s.o],
        });
      },
    ),
    { numRuns: 30, seed: 2 },
  );
});

it('quantDepthwiseConv2d equals the sums over taps for any geometry', () => {
  fc.assert(
    fc.property(shapes(fc.constant(1)).filter(fits), names, names, fc.nat(1000), (s, kernel, input, seed) =>
      check({
        layer: quantDepthwiseConv2d({
          depthMultiplier: s.o,
          kernelSize: s.kernel,
          strides: s.strides,
          dilationRate: s.dilations,
          padding: s.padding,
          padValues: s.padValues,
          depthwiseQuantizer: kernel,
          inputQuantizer: input,
        }),
        slot: 'depthwise',
        xShape: [s.n, s.h, s.w, s.c],
        yShape: [s.n, ...outputSize(s), s.c * s.o],
        taps: (tap) => depthwiseTaps(s, tap),
        padValues: s.padValues,
        kernel,
        input,
        group: (i) => i % (s.c * s.o),
        seed,
      }),
    ),
    { numRuns: 40, seed: 3 },
  );
});

it('quantConv2dTranspose equals the turned-round taps for any geometry', () => {
  const plain = shapes(fc.constant(1))
    .map((s): ConvShape => ({ ...s, dilations: [1, 1], padValues: 0 }))
    .filter((s) => typeof s.padding === 'string');
  fc.assert(
    fc.property(plain, names, names, fc.nat(1000), (s, kernel, input, seed) =>
      check({
        layer: quantConv2dTranspose({
          filters: s.o,
          kernelSize: s.kernel,
          strides: s.strides,
          padding: s.padding as 'same',
          kernelQuantizer: kernel,
          inputQuantizer: input,
        }),
        slot: 'kernel',
        xShape: [s.n, s.h, s.w, s.c],
        yShape: [s.n, ...transposedSize(s), s.o],
        taps: (tap) => transposeTaps(s, tap),
        padValues: 0,
        kernel,
        input,
        group: (i) => Math.floor(i / s.c) % s.o,
        seed,
      }),
    ),
    { numRuns: 40, seed: 4 },
  );
});

it('quantDense equals the sums over inputs, for inputs of rank 2 to 4', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 5 }),
      names,
      names,
      (rows, k, units, kernel, input) => {
        const count = rows.reduce((a, b) => a * b, 1);
        check({
          layer: quantDense({ units, kernelQuantizer: kernel, inputQuantizer: input }),
          slot: 'kernel',
          xShape: [...rows, k],
          yShape: [...rows, units],
          taps: (tap) => {
            for (let r = 0; r < count; r++)
              for (let i = 0; i < k; i++)
                for (let u = 0; u < units; u++) tap(r * units + u, r * k + i, i * units + u);
          },
          padValues: 0,
          kernel,
          input,
          group: (i) => i % units,
          seed: k,
        });
      },
    ),
    { numRuns: 40, seed: 5 },
  );
});

it('quantSeparableConv2d is its depthwise half followed by a 1x1 convolution', () => {
  const geometry = { kernelSize: 3, strides: 2, padding: 'same', padValues: 1, depthMultiplier: 2 } as const;
  const x = tf.tensor(samples(1, 2 * 5 * 5 * 3), [2, 5, 5, 3]);
  const options = { ...geometry, inputQuantizer: 'test-ste', depthwiseQuantizer: 'test-ste' };
  const layer = quantSeparableConv2d({ ...options, filters: 4, pointwiseQuantizer: 'test-scaled', seed: 7 });
  const y = layer.apply(x, { training: true }) as tf.Tensor;
  const depthwise = quantDepthwiseConv2d({ ...options, useBias: false });
  const pointwise = quantConv2d({ filters: 4, kernelSize: 1, kernelQuantizer: 'test-scaled' });
  depthwise.build(x.shape);
  pointwise.build([2, 3, 3, 6]);
  depthwise.kernels.get('depthwise')!.write(layer.kernels.get('depthwise')!.read());
  pointwise.kernels.get('kernel')!.write(layer.kernels.get('pointwise')!.read());
  const expected = pointwise.apply(depthwise.apply(x)) as tf.Tensor;
  expect([...y.dataSync()]).toEqual([...expected.dataSync()]);
  expect(layer.weights.map(({ originalName }) => originalName.split('/')[1])).toEqual([
    'depthwise_kernel',
    'pointwise_kernel',
    'bias',
  ]);
});

it('adds the bias after the scale, and the activation last', () => {
  const layer = quantDense({
    units: 2,
    kernelQuantizer: 'test-scaled',
    biasInitializer: { className: 'Constant', config: { value: -1 } } as never,
    activation: 'relu',
  });
  layer.build([null, 2]);
  layer.kernels.get('kernel')!.write(tf.tensor2d([[0.5, -1], [1.5, 3]])); // prettier-ignore
  // scales 1 and 2: [1 + 2, -2 + 4] - 1 and [-3, 2 * (1 - 2)] - 1.
  const y = layer.apply(tf.tensor2d([[1, 2], [-1, -2]])) as tf.Tensor; // prettier-ignore
  expect(y.arraySync()).toEqual([[2, 1], [0, 0]]); // prettier-ignore
});
