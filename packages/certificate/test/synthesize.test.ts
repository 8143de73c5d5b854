// Synthesis: random sound pairs certify and give back P, T and r; random unsound pairs fail; parts without expressions.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { createRng, defineSurrogate, E, quantize, type QuantizerSite, type Rng } from '@bitgrad/core';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { describe, expect, it } from 'vitest';
import { certify, match, synthesize, type ProximalMap, type Transform } from '../src/index.js';

const site: QuantizerSite = { role: 'input', shape: [8], channelAxes: [-1] };

/** A random nondecreasing map: slopes, flat pieces and jumps between random knots. */
function randomProximal(rng: Rng): ProximalMap & { gaps: [number, number][] } {
  const count = 2 + rng.integer(5);
  const knots = Array.from({ length: count }, () => -3.5 + 7 * rng.next()).sort((a, b) => a - b);
  const slopes = Array.from({ length: count + 1 }, (): number =>
    rng.next() < 0.35 ? 0 : 0.2 + 1.8 * rng.next(),
  );
  if (!slopes.some((s) => s > 0)) slopes[0] = 1;
  const heights = knots.map(() => (rng.next() < 0.5 ? 0 : 0.1 + 0.9 * rng.next()));
  const value = (w: number): number => {
    let p = slopes[0]! * Math.min(w, knots[0]!);
    knots.forEach((k, i) => {
      if (w >= k) p += heights[i]! + slopes[i + 1]! * (Math.min(w, knots[i + 1] ?? Infinity) - k);
    });
    return p;
  };
  return {
    name: 'random',
    value,
    jumps: () =>
      knots
        .map((at, i) => ({ at, from: value(at) - heights[i]!, to: value(at) }))
        .filter((_, i) => heights[i]! > 0),
    breakpoints: () => knots,
    // The values that P jumps over.
    gaps: knots
      .map((at, i): [number, number] => [value(at) - heights[i]!, value(at)])
      .filter((_, i) => heights[i]! > 0),
  };
}

/**
 * A random transform, some going up and down; straight over the gaps, because (F, B) cannot tell how T bends where P
 * never is.
 */
function randomTransform(rng: Rng, gaps: readonly [number, number][]): Transform {
  const [a, b, c, d] = [0.5 + rng.next(), 0.3 * rng.normal(), 0.5 + 1.5 * rng.next(), 6 * rng.next()];
  const [e, f] = [0.2 * rng.normal(), rng.next()];
  const g = (q: number) => a * q + b * Math.sin(c * q + d) + e * Math.tanh(q + f);
  const slope = (q: number) => a + b * c * Math.cos(c * q + d) + e / Math.cosh(q + f) ** 2;
  // p less what lies in gaps below it.
  const closed = (p: number) =>
    gaps.reduce((q, [low, high]) => q - Math.min(Math.max(p - low, 0), high - low), p);
  return {
    name: 'random',
    value: (p) =>
      gaps.reduce(
        (sum, [low, high]) => sum + slope(closed(low)) * Math.min(Math.max(p - low, 0), high - low),
        g(closed(p)),
      ),
    slope: (p) => slope(closed(p)),
  };
}

/**
 * r(P(w)) - r(P(from)) by its definition, the integral of P^-1(s) - s over the values of P; exact, because P is straight
 * between its knots: there s = P(v) and ds = dP(v), and in a jump P^-1 is constant.
 */
function regularizerByDefinition(P: ProximalMap, from: number, w: number): number {
  const jumps = P.jumps!({});
  const special = [...P.breakpoints!({}), ...jumps.map((j) => j.at)].filter((x) => x > from && x < w);
  const points = [...new Set([from, ...special, w])].sort((a, b) => a - b);
  let sum = 0;
  points.slice(1).forEach((b, i) => {
    const a = points[i]!;
    const p0 = P.value(a, {});
    const jump = jumps.find((j) => j.at === b);
    const p1 = jump ? jump.from : P.value(b, {});
    sum += ((a - p0 + (b - p1)) / 2) * (p1 - p0);
    if (jump && b < w) sum += b * (jump.to - jump.from) - (jump.to ** 2 - jump.from ** 2) / 2;
  });
  return sum;
}

describe('200 random sound pairs', () => {
  it('certify, and give back P, T and r to 1e-3', () => {
    let checkedR = 0;
    for (let seed = 0; seed < 200; seed++) {
      const rng = createRng(seed);
      const proximal = randomProximal(rng);
      const transform = randomTransform(rng, proximal.gaps);
      const anchor = { at: -4, value: proximal.value(-4, {}) };
      const { proof } = synthesize({ proximal, transform, certify: { anchor } });
      const label = `seed ${seed}`;
      expect(proof.holds, label).toBe(true);
      const jumps = proximal.jumps!({});
      for (let w = -3.99; w < 4; w += 0.0503) {
        if (jumps.some((j) => Math.abs(j.at - w) < 1e-6)) continue;
        const p = proximal.value(w, {});
        expect(Math.abs(proof.proximalMap!.at(w) - p), `${label}: P(${w})`).toBeLessThan(1e-3);
        expect(Math.abs(proof.transform!.at(p) - transform.value(p, {})), `${label}: T(${p})`).toBeLessThan(
          1e-3,
        );
      }
      // r at the values of P, against its value at one of them; the ends of P's range are left out.
      const r = (w: number) => proof.regularizer!.at(proximal.value(w, {}));
      const inner = Array.from({ length: 25 }, (_, i) => -3.6 + 0.3 * i).filter((w) => Number.isFinite(r(w)));
      expect(inner.length, label).toBeGreaterThan(0);
      for (const w of inner) {
        const expected = regularizerByDefinition(proximal, inner[0]!, w);
        const error = Math.abs(r(w) - r(inner[0]!) - expected);
        expect(error, `${label}: r(P(${w}))`).toBeLessThan(1e-3 * Math.max(1, Math.abs(expected)));
        checkedR++;
      }
    }
    expect(checkedR).toBeGreaterThan(2000);
  });
});

describe('200 random unsound pairs', () => {
  it('all fail', () => {
    const kinds = [0, 0, 0, 0];
    for (let seed = 0; seed < 200; seed++) {
      const rng = createRng(1000 + seed);
      const P = randomProximal(rng);
      const T = randomTransform(rng, P.gaps);
      const special = P.breakpoints!({}) as number[];
      const F = (w: number) => T.value(P.value(w, {}), {});
      const B = (w: number) => T.slope(P.value(w, {}), {});
      const at = -3 + 6 * rng.next();
      const kind = seed % 4;
      kinds[kind]!++;
      const broken = [
        // A forward that does not follow: sign forward with a backward that varies.
        { F: (w: number) => (w >= at ? 1 : -1), B: (w: number) => 1.5 + Math.sin(w + at) },
        // A backward of the wrong sign.
        { F, B: (w: number) => -B(w) },
        // P steps down at one point.
        { F: (w: number) => F(w) - (w >= at ? 0.05 * Math.sign(B(at)) : 0), B, special: [...special, at] },
        // No gradient where F moves.
        { F: (w: number) => F(w) + w, B: (w: number) => (w > 3 ? 0 : B(w)) },
      ][kind]!;
      // A jump up of the same place may outweigh a step down; both sides of it decide.
      expect(certify({ special, ...broken }).holds, `seed ${1000 + seed}, kind ${kind}`).toBe(false);
    }
    expect(kinds).toEqual([50, 50, 50, 50]);
  });
});

describe('synthesize', () => {
  it('refuses a map that decreases, and a slope that is not the derivative', () => {
    const transform: Transform = { name: 't', value: (p) => p, slope: () => 1 };
    expect(() => synthesize({ proximal: { name: 'down', value: (w) => -w }, transform })).toThrow(
      /proximal map of synthesized quantizer "synthesized".*nondecreasing/,
    );
    expect(() =>
      synthesize({
        proximal: { name: 'id', value: (w) => w },
        transform: { name: 't', value: (p) => p * p, slope: () => 1 },
      }),
    ).toThrow(/slope of the transform/);
  });

  it('runs parts in plain Math from tables, jumps exact, the same as with expressions', () => {
    const jump = (w: number) => (w >= 0.3 ? w + 1 : w <= -0.3 ? w - 1 : w);
    const curve: Transform = {
      name: 'tanh',
      value: (p) => Math.tanh(2 * p),
      slope: (p) => 2 / Math.cosh(2 * p) ** 2,
    };
    const plain = synthesize({ proximal: { name: 'jump', value: jump }, transform: curve, name: 'plain' });
    const x = tf.linspace(-3, 3, 400);
    const before = tf.memory().numTensors;
    const y = quantize(plain, x, { site });
    const dx = tf.grad((t: tf.Tensor) => quantize(plain, t, { site }))(x);
    const [xs, ys, ds] = [x.dataSync(), y.dataSync(), dx.dataSync()];
    xs.forEach((v, i) => {
      expect(Math.abs(ys[i]! - Math.tanh(2 * jump(v)))).toBeLessThan(1e-4);
      expect(Math.abs(ds[i]! - 2 / Math.cosh(2 * jump(v)) ** 2)).toBeLessThan(1e-3);
    });
    tf.dispose([y, dx]);
    expect(tf.memory().numTensors).toBe(before);
    const hard = quantize(plain, x, { site, hard: true });
    expect([...hard.dataSync()]).toEqual([...xs].map((v) => (v >= 0 ? 1 : -1)));
    tf.dispose([hard, x]);
  });
});

describe('match', () => {
  const clippedTriangle = defineSurrogate({
    name: 'triangle',
    options: {},
    formula: (x) => Math.max(0, 1 - Math.abs(x)),
    expression: () => E.max(E.sub(1, E.abs(E.input('x'))), 0),
    breakpoints: () => [-1, 0, 1],
  });

  it('gives the integral, from -1 to 1', () => {
    const quantizer = match(clippedTriangle);
    expect(quantizer.name).toBe('triangle++');
    expect(quantizer.proof.holds).toBe(true);
    for (let x = -1.5; x <= 1.5; x += 0.05) {
      const c = Math.min(1, Math.max(-1, x));
      expect(quantizer.forward.formula(x, {})).toBeCloseTo(c * (2 - Math.abs(c)), 6);
    }
    const x = tf.tensor1d([-5, -1, -0.5, -0, 0.25, 1, 9]);
    const y = quantize(quantizer, x, { site });
    const expected = [-1, -1, -0.75, 0, 0.4375, 1, 1];
    y.dataSync().forEach((v, i) => expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-5));
    const hard = quantize(quantizer, x, { site, hard: true });
    expect([...hard.dataSync()]).toEqual([-1, -1, -1, 1, 1, 1, 1]);
    tf.dispose([x, y, hard]);
  });

  it('keeps the P of the surrogate: the identity up to a factor', () => {
    const { proof } = match(clippedTriangle);
    const ratio = proof.proximalMap!.at(0.8) / 0.8;
    for (const x of [-0.9, -0.3, 0.2, 0.6]) expect(proof.proximalMap!.at(x)).toBeCloseTo(ratio * x, 3);
  });

  it.each(['approx-sign', 'clipped-identity', 'ede', 'polynomial', 'sign-swish', 'tanh', 'triangle'])(
    'matches %s of another package',
    (name) => {
      const surrogate = stePlugin.surrogates[name]!();
      const scalars = { t: 3, k: 1 };
      const schedule = { options: {}, values: () => scalars };
      const { proof, forward } = match(surrogate, { schedule, range: 8 });
      expect(proof.holds).toBe(true);
      expect(forward.formula(-8, scalars)).toBe(-1);
      expect(forward.formula(8, scalars)).toBe(1);
      // The slope of F is B up to one factor.
      const slope = (x: number) =>
        (forward.formula(x + 1e-4, scalars) - forward.formula(x - 1e-4, scalars)) / 2e-4;
      const factor = slope(0.1) / surrogate.formula(0.1, scalars);
      for (const x of [-0.8, -0.31, 0.22, 0.57])
        expect(Math.abs(slope(x) - factor * surrogate.formula(x, scalars))).toBeLessThan(
          2e-3 * Math.abs(slope(0.1)),
        );
    },
  );

  it('refuses a surrogate whose integral does not come to rest', () => {
    const identity = defineSurrogate({
      name: 'one',
      options: {},
      formula: () => 1,
      expression: () => E.constant(1),
    });
    expect(() => match(identity)).toThrow(/vanishes at the ends/);
    const negative = defineSurrogate({
      name: 'minus',
      options: {},
      formula: (x) => -Math.max(0, 1 - Math.abs(x)),
      expression: () => E.constant(0),
    });
    expect(() => match(negative)).toThrow(/positive integral/);
  });
});
