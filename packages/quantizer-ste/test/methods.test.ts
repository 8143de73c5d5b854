// Scales, thresholds and prepared inputs against loops written from the papers: what the kit cannot know.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import {
  createRng,
  forwardValue,
  initialClock,
  pairQuantizer,
  quantize,
  type Quantizer,
  type QuantizerSite,
} from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import {
  bireal,
  clippedIdentitySurrogate,
  dorefa,
  dorefaForward,
  libra,
  rsign,
  rsignForward,
  ternary,
  xnor,
} from '../src/index.js';

const random = (seed: number, size: number, spread = 0.7): Float32Array => {
  const rng = createRng(seed);
  return Float32Array.from({ length: size }, () => rng.normal() * spread);
};
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Sites with the channel of each flat index, worked out by hand from the layouts. */
const kernels: { label: string; site: QuantizerSite; channelOf: (i: number) => number }[] = [
  {
    label: 'conv [h, w, in, out]',
    site: { role: 'kernel', shape: [3, 2, 4, 5], channelAxes: [-1] },
    channelOf: (i) => i % 5,
  },
  {
    label: 'depthwise [h, w, c, m]',
    site: { role: 'kernel', shape: [3, 3, 2, 3], channelAxes: [-2, -1] },
    channelOf: (i) => i % 6,
  },
  {
    label: 'transposed [h, w, out, in]',
    site: { role: 'kernel', shape: [2, 2, 3, 4], channelAxes: [-2] },
    channelOf: (i) => Math.floor(i / 4) % 3,
  },
];

const groups = (values: Float32Array, channelOf: (i: number) => number): number[][] => {
  const all: number[][] = [];
  values.forEach((v, i) => (all[channelOf(i)] ??= []).push(v));
  return all;
};
const mean = (v: readonly number[]) => v.reduce((a, b) => a + b, 0) / v.length;

const run = (quantizer: Quantizer, values: Float32Array, site: QuantizerSite, dy?: Float32Array) =>
  tf.tidy(() => {
    const x = tf.tensor(values, [...site.shape]);
    const f = (t: tf.Tensor) => quantize(quantizer, t, { site });
    const value = f(x).dataSync();
    const gradient =
      dy &&
      tf
        .grad(f)(x, tf.tensor(dy, [...site.shape]))
        .dataSync();
    return { value, gradient };
  });

describe.each(kernels)('$label', ({ site, channelOf }) => {
  const values = random(1, size(site.shape));
  const dy = random(2, values.length);
  const channels = groups(values, channelOf);

  it('xnor: alpha sign(w), gradient dy (1/n + alpha 1(|w| <= 1))', () => {
    const { value, gradient } = run(xnor(), values, site, dy);
    values.forEach((w, i) => {
      const own = channels[channelOf(i)]!;
      const alpha = mean(own.map(Math.abs));
      expect(value[i]).toBeCloseTo(w < 0 ? -alpha : alpha, 5);
      expect(gradient![i]).toBeCloseTo(dy[i]! * (1 / own.length + (Math.abs(w) <= 1 ? alpha : 0)), 5);
    });
  });

  it('bireal: the same value, gradient dy alpha 1(|w| <= 1)', () => {
    const { value, gradient } = run(bireal(), values, site, dy);
    expect(values.some((w) => Math.abs(w) > 1)).toBe(true);
    values.forEach((w, i) => {
      const alpha = mean(channels[channelOf(i)]!.map(Math.abs));
      expect(value[i]).toBeCloseTo(w < 0 ? -alpha : alpha, 5);
      expect(gradient![i]).toBeCloseTo(Math.abs(w) <= 1 ? dy[i]! * alpha : 0, 5);
    });
  });

  it('ternary: 0 up to 0.7 mean|w|, else the mean of what is kept', () => {
    const { value, gradient } = run(ternary(), values, site, dy);
    values.forEach((w, i) => {
      const own = channels[channelOf(i)]!.map(Math.abs);
      const delta = 0.7 * mean(own);
      const alpha = mean(own.filter((v) => v > delta));
      expect(value[i]).toBeCloseTo(Math.abs(w) <= delta ? 0 : Math.sign(w) * alpha, 5);
      expect(gradient![i]).toBeCloseTo(dy[i]! * alpha, 5);
    });
  });

  it('libra: the sign of the centred weight, channels balanced', () => {
    const { value } = run(libra(), values, site);
    values.forEach((w, i) => expect(value[i]).toBe(w < mean(channels[channelOf(i)]!) ? -1 : 1));
    const shifted = values.map((w, i) => 5 * w + channelOf(i));
    expect([...run(libra(), shifted, site).value]).toEqual([...value]);
  });
});

describe('the gradient of bireal', () => {
  it('is that of ApproxSign on inputs', () => {
    const x = Float32Array.of(-2, -1, -0.5, -0, 0, 0.25, 1, 3);
    const site: QuantizerSite = { role: 'input', shape: [8], channelAxes: [-1] };
    const { gradient } = run(bireal(), x, site, new Float32Array(8).fill(1));
    expect([...gradient!]).toEqual([0, 0, 1, 2, 2, 1.5, 0, 0]);
  });
});

describe('levels of dorefa', () => {
  const bits = [1, 2, 3, 4, 5, 6, 7, 8];
  it.each(bits)('are j / n to the last bit with %d bits', (k) => {
    const n = 2 ** k - 1;
    const u = Float32Array.from({ length: n + 1 }, (_, i) => i / n);
    const input: QuantizerSite = { role: 'input', shape: [n + 1], channelAxes: [-1] };
    expect(run(dorefa({ bits: k }), u, input).value).toEqual(u);
    const context = {
      site: input,
      clock: initialClock,
      training: false,
      hard: false,
      scalars: {},
      parameters: {},
    };
    const weights = dorefaForward({ bits: k, target: 'weights' });
    const value = tf.tidy(() => forwardValue(weights, tf.tensor1d(u), context).dataSync());
    expect(value).toEqual(Float32Array.from({ length: n + 1 }, (_, i) => (2 * i - n) / n));
    expect(Float32Array.from(weights.levels)).toEqual(value);
  });
});

describe('edge values', () => {
  const dense = (rows: number, columns: number): QuantizerSite => ({
    role: 'kernel',
    shape: [rows, columns],
    channelAxes: [-1],
  });

  it('libra: a constant channel is +1 without a gradient, whatever rounding leaves of it', () => {
    for (const c of [0.1, -0.3, 1e-3, 7]) {
      const w = new Float32Array(14).fill(c);
      const dy = random(5, 14);
      const { value, gradient } = run(libra(), w, dense(7, 2), dy);
      expect([...value]).toEqual(Array(14).fill(1));
      expect([...gradient!].every((g) => g === 0)).toBe(true);
    }
  });

  it('a channel of zeros gives zeros, not NaN, and so does its gradient', () => {
    const zeros = new Float32Array(6);
    const ones = new Float32Array(6).fill(1);
    for (const quantizer of [xnor(), bireal(), ternary()]) {
      const { value, gradient } = run(quantizer, zeros, dense(3, 2), ones);
      expect(
        [...value].every((v) => v === 0),
        quantizer.name,
      ).toBe(true);
      expect([...gradient!].every(Number.isFinite), quantizer.name).toBe(true);
    }
    for (const quantizer of [libra(), libra({ powerOfTwoScale: true }), dorefa({ target: 'weights' })]) {
      const { value, gradient } = run(quantizer, zeros, dense(3, 2), ones);
      expect([...value].every(Number.isFinite), quantizer.name).toBe(true);
      expect(
        [...gradient!].every((g) => g === 0),
        quantizer.name,
      ).toBe(true);
    }
  });

  it('ternary keeps nothing at exactly the threshold', () => {
    // mean |w| = 2 and threshold 0.5: delta is exactly 1.
    const { value } = run(ternary({ threshold: 0.5 }), Float32Array.of(1, -1, 2, -4), dense(4, 1));
    expect([...value].map((v) => v + 0)).toEqual([0, 0, 3, -3]);
    expect(
      [
        ...run(ternary({ threshold: 0.5, scaled: false }), Float32Array.of(1, -1, 2, -4), dense(4, 1)).value,
      ].map((v) => v + 0),
    ).toEqual([0, 0, 1, -1]);
  });

  it('dorefa weights: 2 round(n (tanh(w) / (2 max|tanh|) + 1/2)) / n - 1, gradient by the chain rule', () => {
    const values = random(5, 12);
    const dy = random(6, 12);
    for (const bits of [1, 2, 4]) {
      const { value, gradient } = run(dorefa({ bits, target: 'weights' }), values, dense(4, 3), dy);
      const n = 2 ** bits - 1;
      const peak = Math.max(...[...values].map((w) => Math.abs(Math.tanh(w))));
      values.forEach((w, i) => {
        const unit = Math.tanh(w) / (2 * peak) + 0.5;
        expect(value[i]).toBeCloseTo((2 * Math.round(unit * n)) / n - 1, 5);
        expect(gradient![i]).toBeCloseTo((dy[i]! * (1 - Math.tanh(w) ** 2)) / peak, 4);
      });
    }
  });

  it('libra: the power of two nearest to the mean magnitude, 1 for spread weights', () => {
    const spread = random(7, 400, 0.01);
    expect(new Set(run(libra({ powerOfTwoScale: true }), spread, dense(200, 2)).value)).toEqual(
      new Set([-1, 1]),
    );
    // One outlier among zeros: mean |u| of the standardized channel is 0.125: 2^-3.
    const outlier = new Float32Array(256);
    outlier[0] = 100;
    const magnitudes = run(libra({ powerOfTwoScale: true }), outlier, dense(256, 1)).value.map(Math.abs);
    expect(new Set(magnitudes)).toEqual(new Set([0.125]));
  });

  it('libra: the gradient is that of sign((w - mean) / std) with EDE, by finite differences of its smooth twin', () => {
    const values = random(8, 6);
    const dy = random(9, 6);
    const { gradient } = run(libra(), values, dense(6, 1), dy);
    // At the start EDE is 10 * 0.1 (1 - tanh(0.1 u)^2): the derivative of 10 tanh(0.1 u).
    const smooth = (w: number[]) => {
      const m = mean(w);
      const std = Math.sqrt(mean(w.map((v) => (v - m) ** 2)) + 1e-8);
      return w.reduce((sum, v, i) => sum + dy[i]! * 10 * Math.tanh((0.1 * (v - m)) / std), 0);
    };
    values.forEach((_, i) => {
      const [up, down] = [1e-5, -1e-5].map((h) => smooth([...values].map((v, j) => (j === i ? v + h : v))));
      expect(gradient![i]).toBeCloseTo((up! - down!) / 2e-5, 3);
    });
  });
});

describe('rsign', () => {
  const site: QuantizerSite = { role: 'input', shape: [2, 3], channelAxes: [-1] };
  const x = tf.tensor([0.1, 0.2, 0.3, -0.4, 0.5, -0.6, 0.7, 0.8, 0.9, 1, -1.1, 2], [2, 2, 3]);
  const threshold = tf.tensor1d([0.1, 0.3, -0.7]);

  it('declares one threshold a channel, of its initial value', () => {
    const [spec, ...others] = rsign({ initial: 0.25 }).parameters!(site);
    expect(others).toEqual([]);
    expect(spec).toMatchObject({ name: 'threshold', shape: [3], deployed: true });
    expect([...spec!.initialize(createRng(1))]).toEqual([0.25, 0.25, 0.25]);
    const depthwise: QuantizerSite = { role: 'kernel', shape: [3, 3, 4, 2], channelAxes: [-2, -1] };
    expect(rsign().parameters!(depthwise)[0]!.shape).toEqual([4, 2]);
  });

  it('compares with the threshold of the channel; the threshold gets minus the sum of the gradients', () => {
    const f = (t: tf.Tensor, p: tf.Tensor) => quantize(rsign(), t, { site, parameters: { threshold: p } });
    const [xs, ts] = [x.dataSync(), threshold.dataSync()];
    // x equal to its threshold counts as above.
    expect([...f(x, threshold).dataSync()]).toEqual([...xs].map((v, i) => (v < ts[i % 3]! ? -1 : 1)));
    const [dx, dt] = tf
      .grads(f)([x, threshold])
      .map((t) => t.dataSync());
    const b = [...xs].map((v, i) => Math.max(0, 2 - 2 * Math.abs(v - ts[i % 3]!)));
    b.forEach((d, i) => expect(dx![i]).toBeCloseTo(d, 5));
    [0, 1, 2].forEach((c) =>
      expect(dt![c]).toBeCloseTo(-b.filter((_, i) => i % 3 === c).reduce((s, d) => s + d, 0), 4),
    );
  });

  it('says what to do when a pair lacks the parameter', () =>
    expect(() => quantize(pairQuantizer(rsignForward(), clippedIdentitySurrogate()), x, { site })).toThrow(
      expect.objectContaining({
        code: 'incompatible',
        message: expect.stringMatching(/Use the quantizer "rsign"/),
      }),
    ));
});

describe('inputs', () => {
  it('are neither scaled nor standardized', () => {
    const site: QuantizerSite = { role: 'input', shape: [3], channelAxes: [-1] };
    const x = tf.tensor2d([[5, 6, -7]]);
    for (const quantizer of [xnor(), bireal(), libra({ powerOfTwoScale: true })])
      expect([...quantize(quantizer, x, { site }).dataSync()], quantizer.name).toEqual([1, 1, -1]);
  });
});
