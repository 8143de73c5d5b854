// The closed forms in float32 tensor code against the float64 sums, on a dense grid with the singular points.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { E, elementwise } from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import {
  derivativeExpression,
  halfPeriod,
  peakDerivative,
  seriesDerivative,
  seriesExpression,
  seriesValue,
  weightings,
  type Weighting,
} from '../src/index.js';

const neighbours = (x: number): number[] => {
  const [float, bits] = [new Float32Array([x]), new Int32Array(1)];
  const view = new Int32Array(float.buffer);
  bits[0] = view[0]!;
  return [-3, -2, -1, 0, 1, 2, 3].map((step) => {
    view[0] = bits[0]! + step;
    return float[0]!;
  });
};

/** float32 points: a dense grid up to half a period, and the singular points with their float32 neighbours. */
const grid = (omega: number): Float32Array => {
  const half = halfPeriod(omega);
  const dense = Array.from({ length: 801 }, (_, i) => (i / 400 - 1) * half);
  const special = [half, half / 2].flatMap(neighbours).flatMap((x) => [x, -x]);
  const tiny = [0, -0, 1e-45, 1e-30, 1e-12, 1e-6, 1e-5, 1e-4].flatMap((x) => [x, -x]);
  // Where the angle crosses the limit below which the quotient is replaced by its limit.
  const threshold = [0.9, 1, 1.1].flatMap((f) => [(f * 1e-5) / omega, half - (f * 1e-5) / omega]);
  return Float32Array.from(
    [...dense, ...special, ...tiny, ...threshold].filter((x) => Math.abs(x) <= half * (1 + 1e-6)),
  );
};

const evaluate = (
  build: (x: ReturnType<typeof E.input>) => ReturnType<typeof E.input>,
  points: Float32Array,
): Float32Array =>
  tf.tidy(
    () =>
      elementwise(build(E.input('x')), { x: tf.tensor1d(points) }, [
        points.length,
      ]).dataSync() as Float32Array,
  );

const worst = (
  got: Float32Array,
  want: (x: number) => number,
  points: Float32Array,
  peak: number,
): number => {
  let error = 0;
  got.forEach((value, i) => {
    if (!Number.isFinite(value)) throw new Error(`${value} at ${points[i]}`);
    error = Math.max(error, Math.abs(value - want(points[i]!)) / peak);
  });
  return error;
};

describe.each(weightings)('derivative, %s weights', (weighting: Weighting) => {
  it.each([0.05, 0.1, 0.7, 1, 1.9, 3])(
    'equals the float64 sum to 1e-5 of its peak for n = 0..64, omega %s',
    (omega) => {
      const points = grid(omega);
      for (let n = 0; n <= 64; n++) {
        const got = evaluate((x) => derivativeExpression(x, n, omega, weighting), points);
        const error = worst(
          got,
          (x) => seriesDerivative(x, n, omega, weighting),
          points,
          peakDerivative(n, omega, weighting),
        );
        expect(error, `n ${n}`).toBeLessThan(1e-5);
      }
    },
  );
});

describe('plain derivative with a clip', () => {
  it.each([0.05, 0.1, 0.5, 1, 3])('is as accurate where a shorter form is taken, omega %s', (omega) => {
    for (const clip of [halfPeriod(omega) / 2, 0.1 / omega, 0.01 / omega]) {
      const points = grid(omega).map((x) => (x / halfPeriod(omega)) * clip);
      for (const n of [0, 1, 4, 9, 18, 64]) {
        const got = evaluate((x) => derivativeExpression(x, n, omega, 'plain', clip), points);
        const want = (x: number) => seriesDerivative(x, n, omega);
        expect(worst(got, want, points, peakDerivative(n, omega)), `n ${n}, clip ${clip}`).toBeLessThan(1e-5);
      }
    }
  });
});

describe.each(weightings)('series, %s weights', (weighting: Weighting) => {
  it('equals the float64 sum up to a quarter period, and is constant beyond', () => {
    const omega = 0.8;
    const quarter = halfPeriod(omega) / 2;
    const points = grid(omega);
    for (const n of [0, 1, 2, 9, 18, 32, 64]) {
      const got = evaluate((x) => seriesExpression(x, n, omega, weighting), points);
      const want = (x: number) => seriesValue(Math.min(quarter, Math.max(-quarter, x)), n, omega, weighting);
      expect(worst(got, want, points, 1), `n ${n}`).toBeLessThan(2e-5);
    }
  });
});

it('the derivative is the derivative of the series (central differences in float64)', () => {
  for (const weighting of weightings)
    for (const n of [0, 3, 20])
      for (const x of [-1.4, -0.3, 0, 0.01, 0.9, 1.5]) {
        const h = 1e-5;
        const slope = (seriesValue(x + h, n, 1, weighting) - seriesValue(x - h, n, 1, weighting)) / (2 * h);
        expect(seriesDerivative(x, n, 1, weighting)).toBeCloseTo(slope, 5);
      }
});

it('Fejer weights: no overshoot and no negative slope up to a quarter period; plain weights overshoot by Gibbs 18 %', () => {
  for (const n of [0, 1, 5, 33]) {
    let [top, slope] = [0, Infinity];
    let plainTop = 0;
    for (let i = 0; i <= 2000; i++) {
      const x = (i / 2000) * (Math.PI / 2);
      top = Math.max(top, seriesValue(x, n, 1, 'fejer'));
      slope = Math.min(slope, seriesDerivative(x, n, 1, 'fejer'));
      plainTop = Math.max(plainTop, seriesValue(x, n, 1, 'plain'));
    }
    expect(top).toBeLessThanOrEqual(1);
    expect(slope).toBeGreaterThan(-1e-12);
    // (2/pi) Si(pi) = 1.17898: the limit of the first maximum.
    if (n === 33) expect(plainTop).toBeCloseTo(1.179, 2);
  }
});
