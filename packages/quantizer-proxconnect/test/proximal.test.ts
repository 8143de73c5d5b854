// L(rho, varrho) against an oracle, the proximal map of a regularizer against closed forms and brute force, and units.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { elementwise, evaluateExpression, E, quantizeContext, type QuantizerSite } from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import {
  certify,
  clipTransform,
  fanUnit,
  identityTransform,
  jumpsOf,
  levelMap,
  pc,
  piecewiseLinear,
  proximalOf,
  synthesize,
  uniformLevels,
} from '../src/index.js';

/** L by its definition, piece by piece, for any levels. */
function oracle(w: number, q: readonly number[], rho: number, varrho: number): number {
  const b = q.length - 1;
  if (w <= q[0]!) return q[0]!;
  if (w >= q[b]!) return q[b]!;
  for (let k = 0; k < b; k++) {
    const p = (q[k]! + q[k + 1]!) / 2;
    const [endFlat, startFlat] = [Math.min(p, q[k]! + rho), Math.max(p, q[k + 1]! - rho)];
    if (w >= q[k]! && w <= endFlat && w < p) return q[k]!;
    if (w >= startFlat && w <= q[k + 1]!) return q[k + 1]!;
    const [from, to] = [Math.max(q[k]!, p - varrho), Math.min(q[k + 1]!, p + varrho)];
    if (w > endFlat && w < p) return q[k]! + ((w - endFlat) / (p - endFlat)) * (from - q[k]!);
    if (w >= p && w < startFlat) return to + ((w - p) / (startFlat - p)) * (q[k + 1]! - to);
  }
  return NaN;
}

const levelSets = fc
  .uniqueArray(fc.integer({ min: -20, max: 20 }), { minLength: 2, maxLength: 7 })
  .map((q) => q.map((x) => x / 8).sort((a, b) => a - b));
const shift = fc.integer({ min: 0, max: 40 }).map((x) => x / 20);

describe('L(rho, varrho)', () => {
  it('is its definition for any levels and shifts, as formula and as expression', () => {
    fc.assert(
      fc.property(levelSets, shift, shift, fc.integer({ min: -300, max: 300 }), (levels, rho, varrho, i) => {
        const w = i / 100;
        const expected = oracle(w, levels, rho, varrho);
        expect(piecewiseLinear(w, levels, { rho, varrho })).toBeCloseTo(expected, 9);
        const map = levelMap(levels, { rho, varrho });
        const value = evaluateExpression(map.expression!(E.input('x'), {}), { x: w });
        expect(value).toBeCloseTo(expected, 9);
      }),
      { numRuns: 400 },
    );
  });

  it('never decreases, and keeps every level where it is', () => {
    fc.assert(
      fc.property(levelSets, shift, shift, (levels, rho, varrho) => {
        const at = (w: number) => piecewiseLinear(w, levels, { rho, varrho });
        let last = -Infinity;
        for (let w = -3; w <= 3; w += 0.01) {
          expect(at(w)).toBeGreaterThanOrEqual(last - 1e-12);
          last = at(w);
        }
        for (const q of levels) expect(at(q)).toBe(q);
      }),
      { numRuns: 100 },
    );
  });

  it('has its special cases: clip, sign, the levels, both zeros and the infinities', () => {
    const hardTanh = { rho: 0, varrho: 0 };
    for (const w of [-Infinity, -2, -1, -0.3, 0, 0.7, 1, Infinity])
      expect(piecewiseLinear(w, [-1, 1], hardTanh)).toBeCloseTo(Math.min(1, Math.max(-1, w)), 12);
    for (const shifts of [
      { rho: 1, varrho: 0 },
      { rho: 0, varrho: 1 },
      { rho: 3, varrho: 3 },
    ])
      expect([-2, -1e-9, -0, 0, 1e-9].map((w) => piecewiseLinear(w, [-1, 1], shifts))).toEqual([
        -1, -1, 1, 1, 1,
      ]);
    expect(uniformLevels(1)).toEqual([-1, 1]);
    expect(uniformLevels(2)).toEqual([-1, -1 / 3, 1 / 3, 1]);
    expect(
      [-0.5, -0.49, 0.49, 0.5].map((w) => piecewiseLinear(w, [-1, 0, 1], { rho: 1, varrho: 1 })),
    ).toEqual([0, 0, 0, 1]);
  });

  it('certifies for k-bit levels at every point of the schedule, with P = L', () => {
    const quantizer = pc({ levels: uniformLevels(3), rho: 0.2, varrho: 0.1 });
    const certificate = certify(quantizer, { progress: [0, 0.1, 0.2, 0.3, 1] });
    expect(certificate.holds).toBe(true);
    certificate.positions.forEach(({ decomposition, scalars }) => {
      const shifts = { rho: 0.2 * scalars.mu!, varrho: 0.1 * scalars.mu! };
      for (let w = -1.99; w < 2; w += 0.0417)
        expect(decomposition!.proximalMap.at(w)).toBeCloseTo(piecewiseLinear(w, uniformLevels(3), shifts), 6);
    });
  });
});

describe('the proximal map of a regularizer', () => {
  it('of |z| is soft thresholding, of z^2 / 2 a shrinkage, of the box a clip', () => {
    const soft = proximalOf(Math.abs, { strength: 0.5 });
    const ridge = proximalOf((z) => (z * z) / 2, { strength: 3 });
    const box = proximalOf((z) => (Math.abs(z) <= 1 ? 0 : Infinity), { points: [-1, 1] });
    for (let w = -3; w <= 3; w += 0.113) {
      const threshold = w < 0 ? -Math.max(0, -w - 0.5) : Math.max(0, w - 0.5);
      expect(soft.value(w, {})).toBeCloseTo(threshold, 6);
      expect(ridge.value(w, {})).toBeCloseTo(w / 4, 6);
      expect(box.value(w, {})).toBeCloseTo(Math.min(1, Math.max(-1, w)), 6);
    }
  });

  it('of the W-shaped distance is ProxQuant, whose r certify gives back', () => {
    const lambda = 0.3;
    const map = proximalOf((z) => Math.abs(Math.abs(z) - 1), { strength: lambda, points: [-1, 0, 1] });
    const expected = (w: number) => {
      const a = Math.abs(w);
      return (w < 0 ? -1 : 1) * (a < 1 - lambda ? a + lambda : a <= 1 + lambda ? 1 : a - lambda);
    };
    for (let w = -2.5; w <= 2.5; w += 0.0871) expect(map.value(w, {})).toBeCloseTo(expected(w), 6);
    expect(map.jumps!({})).toHaveLength(1);
    expect(map.jumps!({})[0]!.at).toBeCloseTo(0, 9);
    const { proof } = synthesize({
      proximal: map,
      transform: identityTransform,
      certify: { strength: lambda },
    });
    for (let z = -2; z <= 2; z += 0.05)
      expect(Math.abs(proof.regularizer!.at(z) - Math.abs(Math.abs(z) - 1))).toBeLessThan(1e-3);
  });

  it('of single points is the nearest of them', () => {
    const points = [-1, 0.25, 1];
    const map = proximalOf((z) => (points.includes(z) ? 0 : Infinity), { points });
    expect([-3, -0.4, -0.37, 0.6, 0.63, 9].map((w) => map.value(w, {}))).toEqual([-1, -1, 0.25, 0.25, 1, 1]);
  });

  it('agrees with brute force for random regularizers, convex or not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: -250, max: 250 }),
        (seed, strength, i) => {
          const [a, b, c] = [Math.sin(seed), Math.cos(3 * seed), 1 + (seed % 7)];
          const r = (z: number) => a * Math.cos(c * z) + b * Math.abs(z) + 0.2 * z * z;
          const [mu, w] = [strength / 10, i / 100];
          const cost = (z: number) => (z - w) ** 2 / (2 * mu) + r(z);
          let best = Infinity;
          for (let z = -4; z <= 4; z += 5e-4) best = Math.min(best, cost(z));
          const found = proximalOf(r, { strength: mu }).value(w, {});
          expect(cost(found)).toBeLessThanOrEqual(best + 1e-9);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('uses mu of the schedule, and refuses a regularizer that is finite nowhere', () => {
    const map = proximalOf(Math.abs);
    expect(map.value(2, { mu: 0.5 })).toBeCloseTo(1.5, 6);
    expect(map.value(2, {})).toBeCloseTo(1, 6);
    expect(() => proximalOf(() => Infinity)).toThrow(/points where r is finite/);
  });

  it('has its jumps found, and only those', () => {
    expect(jumpsOf((w) => 0.9 * w, -4, 4)).toEqual([]);
    const steps = jumpsOf((w) => Math.floor(w + 0.123), -2, 2);
    expect(steps.map(({ at }) => Math.round(at * 1e6) / 1e6)).toEqual([-1.123, -0.123, 0.877, 1.877]);
  });
});

describe('units', () => {
  const site: QuantizerSite = { role: 'kernel', shape: [3, 3, 2, 5], channelAxes: [-1] };

  it('follow the mean of |w|, the shape, or nothing', () => {
    const w = tf.tensor1d([0.1, -0.3, 0.2]);
    const scale = (options: object, role: 'kernel' | 'input' = 'kernel') => {
      const quantizer = pc(options);
      const context = quantizeContext(quantizer, { site: { ...site, role } });
      return quantizer.forward.statistics!(w, context).scale!.dataSync()[0]!;
    };
    expect(scale({})).toBeCloseTo(0.4, 6);
    expect(scale({}, 'input')).toBe(1);
    expect(scale({ kernelUnit: 'one', kernelScale: 0.5 })).toBe(0.5);
    expect(scale({ kernelUnit: 'fan', kernelScale: 3 })).toBeCloseTo(3 * Math.sqrt(2 / 63), 6);
    expect(fanUnit([784, 64])).toBeCloseTo(Math.sqrt(2 / 848), 12);
    expect(fanUnit([10])).toBeCloseTo(Math.sqrt(2 / 11), 12);
    w.dispose();
  });

  it('do not divide by zero where all weights are 0', () => {
    const w = tf.zeros([4]);
    const quantizer = pc();
    const context = quantizeContext(quantizer, { site });
    const { scale } = quantizer.forward.statistics!(w, context);
    const y = elementwise(quantizer.forward.expression!({ mu: 0.5 }), { x: w, scale: scale! }, [4]);
    expect([...y.dataSync()]).toEqual([0.5, 0.5, 0.5, 0.5]);
    tf.dispose([w, scale!, y]);
  });
});

it('the clip transform is the integral of its slope', () => {
  const T = clipTransform(0.5);
  for (const p of [-2, -0.5, -0.2, 0.1, 0.5, 3]) {
    expect(T.value(p, {})).toBeCloseTo(Math.min(1, Math.max(-1, 2 * p)), 12);
    expect(evaluateExpression(T.expression!(E.input('p'), {}), { p })).toBeCloseTo(T.value(p, {}), 12);
    expect(evaluateExpression(T.slopeExpression!(E.input('p'), {}), { p })).toBe(T.slope(p, {}));
  }
});
