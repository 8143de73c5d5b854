// Both papers joined: the certificate refuses fda, and says where, and grants fda++ for every n and weighting.
import '@tensorflow/tfjs-layers';
import { certify } from '@bitgrad/certificate';
import { amount } from '@bitgrad/tooling/endurance';
import { describe, expect, it } from 'vitest';
import {
  boxedForward,
  boxedSurrogate,
  fda,
  fdaPlusPlus,
  seriesForward,
  seriesSurrogate,
  weightings,
} from '../src/index.js';

/** Terms that are tried: odd and even, few and as many as there may be. */
const terms = amount({
  test: [1, 2, 3, 6, 16, 63, 64],
  ci: [...Array(16).keys()].map((i) => i + 1).concat([20, 24, 32, 40, 48, 63, 64]),
});

describe('certificate', () => {
  it('fails on fda, where sign is flat and the kernel varies', () => {
    const { holds, violations } = certify(fda({ noise: false }));
    expect(holds).toBe(false);
    for (const { interval } of violations) {
      expect(Math.abs(interval[0])).toBeLessThanOrEqual(1.01);
      expect(Math.abs(interval[1])).toBeLessThanOrEqual(1.01);
    }
    expect(violations.some(({ explanation }) => /varies|constant/i.test(explanation))).toBe(true);
  });

  it.each(weightings)('holds on fda++ with %s weights for n = 1..64', (weighting) => {
    for (const n of terms) {
      const options = { n, reach: 2, weighting };
      const certificate = certify({ forward: seriesForward(options), surrogate: seriesSurrogate(options) });
      expect(certificate.holds, `n = ${n}: ${JSON.stringify(certificate.violations.slice(0, 2))}`).toBe(true);
    }
  });

  it.each(weightings)('holds in a box with %s weights, from soft to hard', (weighting) => {
    const at = (n: number) => ({ n, reach: 80, weighting });
    for (const n of [1, 2, 8, 32, 64])
      for (const rho of [0, 0.01, 0.3, 0.7, 0.99, 1]) {
        const pair = { forward: boxedForward(at(n)), surrogate: boxedSurrogate(at(n)) };
        const certificate = certify(pair, { scalars: [{ n, rho }] });
        expect(
          certificate.holds,
          `n ${n}, rho ${rho}: ${JSON.stringify(certificate.violations.slice(0, 2))}`,
        ).toBe(true);
      }
    expect(certify(fdaPlusPlus({ weighting })).holds).toBe(true);
    expect(certify(fdaPlusPlus({ weighting, box: false })).holds).toBe(true);
  });

  it('finds a pair that is not one: fda++ forward with the derivative of another n', () => {
    const forward = seriesForward({ n: 6, reach: 2, weighting: 'plain' });
    const surrogate = seriesSurrogate({ n: 5, reach: 2, weighting: 'plain' });
    expect(certify({ forward, surrogate }).holds).toBe(false);
  });
});
