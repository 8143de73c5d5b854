// The proximal map of a regularizer against closed forms and brute force.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jumpsOf, proximalOf, synthesize } from '../src/index.js';

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
      transform: { name: 'identity', value: (p) => p, slope: () => 1 },
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
