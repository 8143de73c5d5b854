// fda and fda++ as quantizers: options, schedules, the noise module's gradient by finite differences, certificates.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import {
  createRng,
  initialClock,
  quantize,
  type Quantizer,
  type QuantizerSite,
  type TrainingClock,
} from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import {
  boxedForward,
  boxedSurrogate,
  fda,
  fdaPlusPlus,
  fdaSurrogate,
  noiseParameters,
  seriesDerivative,
  seriesForward,
  seriesSurrogate,
  spectrum,
} from '../src/index.js';

const at = (share: number): TrainingClock => ({ ...initialClock, step: share * 1000, totalSteps: 1000 });
const sites: Record<string, { site: QuantizerSite; shape: number[]; d: number }> = {
  'dense kernel': { site: { role: 'kernel', shape: [130, 3], channelAxes: [-1] }, shape: [130, 3], d: 130 },
  'conv kernel': {
    site: { role: 'kernel', shape: [3, 3, 8, 4], channelAxes: [-1] },
    shape: [3, 3, 8, 4],
    d: 72,
  },
  'depthwise kernel': {
    site: { role: 'kernel', shape: [3, 3, 5, 2], channelAxes: [-2, -1] },
    shape: [3, 3, 5, 2],
    d: 9,
  },
  input: { site: { role: 'input', shape: [4, 4, 70], channelAxes: [-1] }, shape: [2, 4, 4, 70], d: 70 },
};

const parametersOf = (quantizer: Quantizer, site: QuantizerSite): Record<string, tf.Tensor> =>
  Object.fromEntries(
    quantizer.parameters!(site).map((spec) => [
      spec.name,
      tf.tensor(spec.initialize(createRng(5)), [...spec.shape]),
    ]),
  );

describe('fda', () => {
  it('refuses a clip beyond half a period and clips at half a period when asked for none', () => {
    expect(() => fda({ omega: 2, clip: 2 })).toThrowError(/half a period.*got 2.*pi \/ omega = 1\.57/s);
    expect(fdaSurrogate({ omega: 2, clip: null, n: 3 }).formula(1.6, {})).toBe(0);
    expect(fdaSurrogate({ omega: 2, clip: null, n: 3 }).formula(1.5, {})).toBeCloseTo(
      seriesDerivative(1.5, 3, 2),
    );
    expect(() => fda({ omega: -1 })).toThrowError(/option "omega" of quantizer "fda"/);
  });

  it('moves n from start to end and alpha to exactly 0', () => {
    const { schedule } = fda({ noise: true });
    expect(schedule.values(at(0))).toEqual({ n: 9, alpha: 0.1 });
    expect(schedule.values(at(0.5)).n).toBeCloseTo(13.5);
    expect(schedule.values(at(1))).toEqual({ n: 18, alpha: 0 });
    const early = fda({ noise: { alpha: 0.2, until: 0.5 } }).schedule;
    expect(early.values(at(0.25)).alpha).toBeCloseTo(0.1);
    for (const share of [0.5, 0.7, 1]) expect(early.values(at(share)).alpha).toBe(0);
    expect(() => fda({ noise: { until: 0 } })).toThrowError(/until/);
    expect(fda({ growth: 'step', start: 1, end: 10 }).schedule.values(at(0.55)).n).toBe(6);
  });

  it.each(Object.entries(sites))(
    'noise on a %s: W1 [d, h], W2 [h, d], and x, W1, W2 gradients equal finite differences',
    (_, { site, shape, d }) => {
      const quantizer = fda({ noise: { alpha: 0.1, k: 16, trained: true } });
      const specs = quantizer.parameters!(site);
      const hidden = Math.max(1, Math.floor(d / 16));
      expect(specs.map((spec) => [spec.shape, spec.deployed])).toEqual([
        [[d, hidden], false],
        [[hidden, d], false],
      ]);
      const parameters = parametersOf(quantizer, site);
      const rng = createRng(3);
      const size = shape.reduce((a, b) => a * b);
      const x = tf.tensor(
        Float32Array.from({ length: size }, () => rng.normal() * 0.7),
        shape,
      );
      const weight = tf.tensor(
        Float32Array.from({ length: size }, () => rng.normal()),
        shape,
      );
      const names = Object.keys(parameters);
      const loss = (input: tf.Tensor, ...values: tf.Tensor[]) =>
        tf.sum(
          tf.mul(
            weight,
            quantize(quantizer, input, {
              site,
              clock: at(0),
              training: true,
              parameters: Object.fromEntries(names.map((name, i) => [name, values[i]!])),
            }),
          ),
        );
      const [dx, ...dw] = tf.grads((...all) => loss(...(all as [tf.Tensor])) as tf.Scalar)([
        x,
        ...Object.values(parameters),
      ]);

      // The surrogate graph in float64: F replaced by the antiderivative of B (the same function up to slope).
      const values = names.map((name) => Array.from(parameters[name]!.dataSync()));
      const xs = Array.from(x.dataSync());
      const ws = Array.from(weight.dataSync());
      const reference = (input: number[], [w1, w2]: number[][]) =>
        surrogateLoss(input, ws, w1!, w2!, site, d, hidden);
      const check = (
        gradient: Float32Array | Int32Array | Uint8Array,
        vector: number[],
        evaluate: (v: number[]) => number,
      ) => {
        for (let trial = 0; trial < 12; trial++) {
          const i = Math.floor(createRng(trial).next() * vector.length);
          const h = 1e-4;
          const moved = (by: number) => evaluate(vector.map((v, j) => (j === i ? v + by : v)));
          const slope = (moved(h) - moved(-h)) / (2 * h);
          expect(Math.abs(gradient[i]! - slope)).toBeLessThan(2e-3 * Math.max(1, Math.abs(slope)));
        }
      };
      check(dx!.dataSync(), xs, (v) => reference(v, values));
      check(dw[0]!.dataSync(), values[0]!, (v) => reference(xs, [v, values[1]!]));
      check(dw[1]!.dataSync(), values[1]!, (v) => reference(xs, [values[0]!, v]));
    },
  );

  it('alpha 0, evaluation and the hardened model contain nothing of the module', () => {
    const { site, shape } = sites['conv kernel']!;
    const [noisy, plain] = [fda({ noise: true }), fda()];
    const parameters = parametersOf(noisy, site);
    const x = tf.randomNormal(shape, 0, 1, 'float32', 4);
    const run = (quantizer: Quantizer, options: object) => {
      const f = (t: tf.Tensor) => quantize(quantizer, t, { site, parameters, ...options });
      return [
        ...f(x).dataSync(),
        ...tf
          .grad((t) => tf.sum(f(t)))(x)
          .dataSync(),
      ];
    };
    const end = { clock: at(1), training: true };
    expect(run(noisy, end)).toEqual(run(plain, end));
    expect(run(noisy, { clock: at(0) })).toEqual(run(plain, { clock: at(0) }));
    expect(run(noisy, { clock: at(0), training: true, hard: true })).toEqual(
      run(plain, { clock: at(0), hard: true }),
    );
    expect(run(noisy, { clock: at(0), training: true })).not.toEqual(
      run(plain, { clock: at(0), training: true }),
    );
  });

  it('acts in the backward pass alone, or in both; its gradient carries alpha, or not', () => {
    const { site, shape } = sites['dense kernel']!;
    const x = tf.randomNormal(shape, 0, 1, 'float32', 4);
    const parameters = parametersOf(fda({ noise: true }), site);
    const run = (options: object) => {
      const quantizer = fda({ noise: { alpha: 0.2, trained: true, ...options } });
      const f = (t: tf.Tensor, w2: tf.Tensor) =>
        quantize(quantizer, t, {
          site,
          clock: at(0),
          training: true,
          parameters: { ...parameters, 'noise-w2': w2 },
        });
      const w2 = parameters['noise-w2']!;
      const [dx, dw2] = tf.grads((t, w) => tf.sum(f(t!, w!)) as tf.Scalar)([x, w2]);
      return { y: f(x, w2).dataSync(), dx: dx!.dataSync(), dw2: dw2!.dataSync() };
    };
    const [algorithm1, eq14, unscaled] = [{}, { gradientOnly: false }, { scaled: false }].map(run);
    const sign = x.dataSync().map((v) => (v < 0 ? -1 : 1));
    expect(algorithm1!.y).toEqual(sign);
    expect(unscaled!.y).toEqual(sign);
    expect(eq14!.y).not.toEqual(sign);
    // The same gradients in both readings; without alpha those of W2 are 1 / alpha times as large.
    expect(algorithm1!.dx).toEqual(eq14!.dx);
    expect(algorithm1!.dw2).toEqual(eq14!.dw2);
    // By default W1 and W2 stay as they are where the loss does not see what they do.
    const untrained = run({ trained: undefined });
    expect(untrained.dx).toEqual(algorithm1!.dx);
    expect([...untrained.dw2].every((v) => v === 0)).toBe(true);
    unscaled!.dw2.forEach((v, i) => expect(v * 0.2).toBeCloseTo(algorithm1!.dw2[i]!, 4));
  });

  it('moves from epoch to epoch as the reimplementation does, where asked', () => {
    const [epochs, stepsPerEpoch] = [7, 11];
    const { schedule } = fda({ by: 'epoch', noise: true });
    for (let step = 0; step < epochs * stepsPerEpoch; step++) {
      const epoch = Math.floor(step / stepsPerEpoch);
      const clock = {
        ...initialClock,
        step,
        epoch,
        totalSteps: epochs * stepsPerEpoch,
        totalEpochs: epochs,
      };
      const { n, alpha } = schedule.values(clock);
      expect(n).toBe(9 + Math.floor((9 * epoch) / epochs));
      expect(alpha).toBeCloseTo(0.05 * (1 + Math.cos((Math.PI * (epoch + 1)) / epochs)), 12);
      if (epoch === epochs - 1) expect(alpha).toBe(0);
    }
  });

  it('counts in units of mean |w|, where asked', () => {
    const { formula } = fdaSurrogate({ unit: 'mean', omega: 0.5, n: 5, clip: 3 });
    for (const scale of [0.05, 1])
      for (const u of [-2.9, -0.4, 0, 1.1, 3.1])
        expect(formula(u * scale, { scale })).toBeCloseTo(
          Math.abs(u) <= 3 ? seriesDerivative(u, 5, 0.5) / scale : 0,
          10,
        );
    expect(formula(0, { scale: 0 })).toBe(0);
  });

  it('initializes the module as nn.Linear does: uniform in +-1 / sqrt(fan-in), by the given generator', () => {
    const [w1, w2] = noiseParameters(sites['conv kernel']!.site, { k: 8, c: 0.1 });
    for (const [spec, fanIn] of [
      [w1!, 72],
      [w2!, 9],
    ] as const) {
      const values = spec.initialize(createRng(1));
      const largest = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(fanIn));
      expect(largest).toBeGreaterThan(0.97 / Math.sqrt(fanIn));
    }
    const { site } = sites['conv kernel']!;
    const [spec] = noiseParameters(site, { k: 64, c: 0.1 });
    expect(spec!.initialize(createRng(1))).toEqual(spec!.initialize(createRng(1)));
    expect(spec!.initialize(createRng(1))).not.toEqual(spec!.initialize(createRng(2)));
  });
});

/** sum weight * (f_n(x) clipped + alpha e(x)) in plain float64, written apart from the tensor code. */
function surrogateLoss(
  x: number[],
  weight: number[],
  w1: number[],
  w2: number[],
  site: QuantizerSite,
  d: number,
  hidden: number,
): number {
  const [n, omega, alpha] = [9, 0.1, 0.1];
  const integral = (u: number): number => {
    let sum = 0;
    const c = Math.min(1, Math.max(-1, u));
    for (let i = 0; i <= n; i++) sum += Math.sin((2 * i + 1) * omega * c) / (2 * i + 1);
    return (4 / Math.PI) * sum;
  };
  // Row and column of each element: channel axes are last here, so a row is a residue; inputs: rows of channels.
  const rows = x.length / d;
  const place = (i: number): [number, number] =>
    site.role === 'input' ? [Math.floor(i / d), i % d] : [i % rows, Math.floor(i / rows)];
  const matrix = Array.from({ length: rows }, () => new Array<number>(d).fill(0));
  x.forEach((v, i) => {
    const [r, c] = place(i);
    matrix[r]![c] = v;
  });
  const h = matrix.map((row) =>
    Array.from({ length: hidden }, (_, k) =>
      Math.max(
        0,
        row.reduce((s, v, c) => s + v * w1[c * hidden + k]!, 0),
      ),
    ),
  );
  return x.reduce((total, v, i) => {
    const [r, c] = place(i);
    const adapted = h[r]!.reduce((s, hk, k) => s + hk * w2[k * d + c]!, 0);
    return total + weight[i]! * (integral(v) + alpha * (adapted + 0.1 * Math.sin(v)));
  }, 0);
}

describe('fda++', () => {
  it('backward is the derivative of forward in units of the kernel scale, and forward tends to sign', () => {
    const quantizer = fdaPlusPlus({ box: false, start: 2, end: 64, reach: 2 });
    const { forward, surrogate } = quantizer;
    for (const scale of [0.05, 1])
      for (const x of [-0.09, -0.01, 0, 0.03, 0.08]) {
        const f = (u: number) => forward.formula(u * scale, { n: 7, scale });
        const h = 1e-6;
        expect(surrogate.formula(x * scale, { n: 7, scale }) * scale).toBeCloseTo(
          (f(x + h) - f(x - h)) / (2 * h),
          4,
        );
      }
    expect(Math.abs(forward.formula(0.5, { n: 4096, scale: 1 }) - 1)).toBeLessThan(0.01);
    expect(forward.hardFormula!(-0, {})).toBe(1);
  });
});

describe('fda++ in its box', () => {
  const { forward, surrogate, schedule } = fdaPlusPlus({ start: 1, end: 8 });
  const scalarsAt = (share: number) => schedule.values(at(share)) as { n: number; rho: number };

  it('starts as the series with its own derivative, up to one factor', () => {
    const scalars = { n: 5, rho: 0, scale: 0.2 };
    const f = (u: number) => forward.formula(0.2 * u, scalars);
    const ratios = [-0.9, -0.3, 0.01, 0.4, 0.95].map(
      (u) => (f(u + 1e-5) - f(u - 1e-5)) / 2e-5 / surrogate.formula(0.2 * u, scalars),
    );
    ratios.forEach((r) => expect(r).toBeCloseTo(ratios[0]!, 6));
    // f_n with 6 odd harmonics of a wave whose quarter period is 12 boxes, and 1 at the end of the box.
    const series = (u: number) =>
      [0, 1, 2, 3, 4, 5].reduce(
        (s, i) => s + ((1 - (2 * i + 1) / 12) * Math.sin(((2 * i + 1) * Math.PI * u) / 24)) / (2 * i + 1),
        0,
      );
    expect(f(0.4)).toBeCloseTo(series(0.4) / series(1), 12);
  });
  it('gives gradients a mean of 1 over the box however hard it is, and none outside', () => {
    for (const rho of [0, 0.2, 0.9, 1])
      for (const n of [1, 8]) {
        const b = (u: number) => surrogate.formula(u, { n, rho, scale: 1 });
        const points = Array.from({ length: 20000 }, (_, i) => b((i + 0.5) / 20000));
        expect(points.reduce((x, y) => x + y) / 20000, `rho ${rho}, n ${n}`).toBeCloseTo(1, 5);
        expect(b(1.01)).toBe(0);
      }
  });
  it('is exactly sign, with a constant gradient, from 30 % of training on', () => {
    expect(scalarsAt(0)).toEqual({ n: 1, rho: 0 });
    expect(scalarsAt(0.15).rho).toBeCloseTo(0.5, 9);
    for (const share of [0.3, 0.31, 1]) {
      expect(scalarsAt(share)).toEqual({ n: 8, rho: 1 });
      for (const x of [-3, -0.5, -1e-9, 0, 1e-9, 0.7, 2])
        expect(forward.formula(x, scalarsAt(share))).toBe(x < 0 ? -1 : 1);
      for (const x of [-1, -0.2, 0, 0.6]) expect(surrogate.formula(x, scalarsAt(share))).toBeCloseTo(1, 9);
    }
  });
});

describe('spectrum', () => {
  it('refuses what is no surrogate, unknown options and values out of range', () => {
    const invalid = (text: RegExp) =>
      expect.objectContaining({ code: 'invalid-option', message: expect.stringMatching(text) });
    for (const wrong of [undefined, 3, {}])
      expect(() => spectrum(wrong as never)).toThrow(invalid(/surrogate given to spectrum/));
    expect(() => spectrum(fdaSurrogate(), { harmonic: 3 } as object)).toThrow(
      invalid(/no option "harmonic".*"harmonics"/),
    );
    for (const bad of [{ omega: 0 }, { harmonics: 0 }, { points: 1.5 }, { scalars: 3 as never }])
      expect(() => spectrum(fdaSurrogate(), bad)).toThrow(invalid(new RegExp(Object.keys(bad)[0]!)));
    const pair = { n: 3, reach: 2, weighting: 'plain' } as const;
    for (const make of [seriesForward, seriesSurrogate, boxedForward, boxedSurrogate]) {
      expect(() => make({ ...pair, weights: 'plain' } as never)).toThrow(invalid(/no option "weights"/));
      expect(() => make({ ...pair, reach: 0 })).toThrow(invalid(/reach/));
    }
  });

  it('finds sign itself in the Fourier surrogate: n+1 harmonics, and nothing after them', () => {
    const { harmonics } = spectrum(
      { formula: (x) => seriesDerivative(x, 4, 0.5) },
      { omega: 0.5, harmonics: 8 },
    );
    harmonics.forEach(({ k, amplitude, sign }) => expect(amplitude).toBeCloseTo(k <= 9 ? sign : 0, 6));
    expect(harmonics.at(-1)!.energy).toBeCloseTo(
      (8 / Math.PI ** 2) * (1 + 1 / 9 + 1 / 25 + 1 / 49 + 1 / 81),
      6,
    );
  });

  it('gives the known coefficients of the clipped identity: (4 / pi) sin(k omega) omega / (k omega)^2 ... in closed form', () => {
    const omega = 0.4;
    const { harmonics, distance } = spectrum(
      { formula: (x) => (Math.abs(x) <= 1 ? 1 : 0), breakpoints: () => [-1, 1] },
      { omega, harmonics: 12 },
    );
    harmonics.forEach(({ k, amplitude }) =>
      expect(amplitude).toBeCloseTo(((4 * omega) / Math.PI) * (Math.sin(k * omega) / (k * omega) ** 2), 6),
    );
    expect(distance).toBeGreaterThan(0.05);
  });
});
