// The certificate on the quantizers of this package: forwards that harden beside other surrogates, moments of a schedule,
// halves, roles, the picture.
import { certificateSvg, certify } from '@bitgrad/certificate';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { describe, expect, it } from 'vitest';
import {
  bc,
  bnn,
  bnnPlus,
  bnnPlusPlus,
  pc,
  piecewiseLinearForward,
  pulledForward,
  softSignForward,
} from '../src/index.js';

describe('surrogates that go to 0 where the forward moves', () => {
  const forwards = [piecewiseLinearForward(), pulledForward(), softSignForward()];
  const surrogates = ['triangle', 'approx-sign', 'polynomial'];
  it.each(forwards.flatMap((forward) => surrogates.map((name) => [forward.name, name, forward] as const)))(
    '%s:%s fails',
    (_name, surrogateName, forward) => {
      const surrogate = stePlugin.surrogates[surrogateName]!();
      for (const mu of [0.1, 0.4])
        expect(certify({ forward, surrogate }, { scalars: [{ mu, pull: mu }] }).holds).toBe(false);
    },
  );
});

describe('what may be certified', () => {
  const quantizer = bnnPlusPlus({ box: false });

  it('is a quantizer at moments of its schedule, without repetition', () => {
    const { positions } = certify(quantizer);
    expect(positions.map(({ settings }) => settings.mu!.toFixed(3))).toEqual([
      '1.000',
      '3.162',
      '10.000',
      '31.623',
      '100.000',
    ]);
    expect(certify(bc()).positions).toHaveLength(1);
    expect(certify(quantizer, { progress: [0.5] }).positions[0]!.settings.mu).toBeCloseTo(10, 9);
    expect(certify(quantizer, { mu: [2, 5] }).positions.map((p) => p.settings)).toEqual([
      { mu: 2 },
      { mu: 5 },
    ]);
    expect(certify(quantizer, { scalars: [{ mu: 7 }] }).positions[0]!.scalars).toEqual({ mu: 7, scale: 1 });
  });

  it('is two halves, with statistics that are given', () => {
    const { forward, surrogate } = quantizer;
    const { positions, holds } = certify({ forward, surrogate }, { statistics: { scale: 0.5 }, mu: [4] });
    expect(holds).toBe(true);
    // P counts in units: P(w) = w / scale.
    expect(positions[0]!.decomposition!.proximalMap.at(1)).toBeCloseTo(2, 3);
  });

  it('has both roles of pc: the identity on kernels, the window on inputs', () => {
    expect(certify(pc(), { statistics: { unbounded: 1 } }).holds).toBe(true);
    const inputs = certify(pc(), { statistics: { unbounded: 0 } });
    expect(inputs.holds).toBe(true);
    expect(inputs.positions.at(-1)!.decomposition!.free).toHaveLength(2);
  });

  it('refuses mu where the schedule has none', () => {
    const schedule = { options: { n: 'grows' }, values: () => ({ n: 3 }) };
    const { forward, surrogate } = bnn();
    expect(() => certify({ forward, surrogate, schedule }, { mu: [1] })).toThrow(/no scalar mu.*scalars n/);
  });
});

describe('the picture', () => {
  it('has F, B, P, T and r of a sound pair, and shades what fails in another', () => {
    const count = (svg: string, text: string): number => svg.split(text).length - 1;
    const sound = certificateSvg(certify(bnnPlusPlus()));
    for (const title of [
      'F(x), forward',
      'B(x), backward',
      'P(x), proximal map',
      'T(p), transform',
      'r(p), regularizer',
    ])
      expect(count(sound, `>${title}<`), title).toBe(1);
    expect(count(sound, 'stroke-width="2"')).toBe(5);
    expect(count(sound, 'fill-opacity')).toBe(0);
    const unsound = certificateSvg(certify(bnnPlus()));
    expect(count(unsound, 'stroke-width="2"')).toBe(2);
    // Two intervals, in the panels of F and of B.
    expect(count(unsound, 'fill-opacity')).toBe(4);
    expect(Number(/height="(\d+)"/.exec(certificateSvg(certify(bnn())))![1])).toBeGreaterThan(400);
    for (const svg of [sound, unsound]) {
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!;
      for (const [, x, y] of svg.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)) {
        expect(Number(x)).toBeGreaterThanOrEqual(0);
        expect(Number(x)).toBeLessThanOrEqual(Number(width));
        expect(Number(y)).toBeGreaterThanOrEqual(0);
        expect(Number(y)).toBeLessThanOrEqual(Number(height));
      }
    }
  });
});
