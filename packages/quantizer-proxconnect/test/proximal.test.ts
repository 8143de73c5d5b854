// L(rho, varrho) against an oracle, and units.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { elementwise, evaluateExpression, E, quantizeContext, type QuantizerSite } from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import { certify, fanUnit } from '@bitgrad/certificate';
import { clipTransform, levelMap, pc, piecewiseLinear, uniformLevels } from '../src/index.js';

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
