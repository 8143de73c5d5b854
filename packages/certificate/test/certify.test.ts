// The certificate: the verdicts of the known pairs, the reason of each failure, tolerance, and what is recovered.
import { ste } from '@bitgrad/quantizer-ste';
import { describe, expect, it } from 'vitest';
import { certify } from '../src/index.js';

const sign = (x: number): number => (x >= 0 ? 1 : -1);
const clipped = (x: number): number => (Math.abs(x) <= 1 ? 1 : 0);
// Written out here, apart from the package's own formulas.
const ss = (b: number) => (x: number) => {
  const s = 1 / (1 + Math.exp(-b * x));
  return 2 * s * (1 + b * x * (1 - s)) - 1;
};
const dss = (b: number) => (x: number) => (b * (2 - b * x * Math.tanh((b * x) / 2))) / (1 + Math.cosh(b * x));
const fdaB = (n: number, omega: number) => (x: number) => {
  let sum = 0;
  for (let i = 0; i <= n; i++) sum += Math.cos((2 * i + 1) * omega * x);
  return ((4 * omega) / Math.PI) * sum;
};
const fdaF = (n: number, omega: number) => (x: number) => {
  let sum = 0;
  for (let i = 0; i <= n; i++) sum += Math.sin((2 * i + 1) * omega * x) / (2 * i + 1);
  return (4 / Math.PI) * sum;
};
const L = (rho: number, varrho: number) => (w: number) => {
  const [a, c] = [Math.min(1, varrho), Math.max(0, 1 - rho)];
  return Math.abs(w) >= c ? sign(w) : sign(w) * (a + (Math.abs(w) * (1 - a)) / c);
};

describe('verdicts of the known pairs', () => {
  it.each([
    ['BinaryConnect', sign, () => 1],
    ['ProxConnect', L(0.3, 0.2), () => 1],
    ['ProxConnect at rho = 0', L(0, 0), () => 1],
    ['BNN', sign, clipped],
    ['BNN++ b = 1', ss(1), dss(1)],
    ['BNN++ b = 10', ss(10), dss(10)],
    ['BNN++ b = 100', ss(100), dss(100)],
    ['EDE++', (x: number) => Math.tanh(5 * x), (x: number) => 5 / Math.cosh(5 * x) ** 2],
    ['FDA++', fdaF(9, 0.1), fdaB(9, 0.1)],
  ])('%s holds', (name, F, B) => {
    const certificate = certify({ F, B, name });
    expect(certificate.violations).toEqual([]);
    expect(certificate.holds).toBe(true);
    expect(certificate.explain()).toContain('holds');
  });

  it.each([
    ['BNN+', sign, dss(5), 5],
    ['Bi-Real', sign, (x: number) => Math.max(0, 2 - 2 * Math.abs(x)), 1],
    ['EDE', sign, (x: number) => 3 / Math.cosh(3 * x) ** 2, 3],
    ['FDA', sign, fdaB(9, 0.1), 4],
  ])('%s fails: F is flat where B varies', (name, F, B) => {
    const certificate = certify({ F, B, name });
    expect(certificate.holds).toBe(false);
    expect(certificate.proximalMap).toBeNull();
    const { violations } = certificate;
    expect(violations.map((v) => v.condition)).toEqual([3, 3]);
    expect(violations[0]!.interval[1]).toBeCloseTo(0, 9);
    expect(violations[1]!.interval[0]).toBeCloseTo(0, 9);
    expect(certificate.explain()).toMatch(/condition 3: On \[.*F is constant/);
  });

  it('Bi-Real fails on [-1, 1] and nowhere else', () => {
    const { violations } = certify({ F: sign, B: (x) => Math.max(0, 2 - 2 * Math.abs(x)) });
    expect(violations[0]!.interval[0]).toBeCloseTo(-1, 2);
    expect(violations[1]!.interval[1]).toBeCloseTo(1, 2);
  });
});

describe('each condition', () => {
  it('1: B has the wrong sign where F moves', () => {
    const { violations } = certify({ F: Math.tanh, B: (x) => (x > 1 ? -0.1 : 1 / Math.cosh(x) ** 2) });
    expect(violations.map((v) => v.condition)).toEqual([1]);
    expect(violations[0]!.interval[0]).toBeCloseTo(1, 6);
    expect(violations[0]!.explanation).toMatch(/rises .* negative/);
  });

  it('1: a jump where B is 0 or negative', () => {
    const zero = certify({ F: sign, B: (x) => (Math.abs(x) > 1 ? 1 : 0) });
    expect(zero.violations).toHaveLength(1);
    expect(zero.violations[0]).toMatchObject({ condition: 1, at: 0, interval: [0, 0] });
    const down = certify({ F: sign, B: () => -1 });
    expect(down.violations[0]).toMatchObject({ condition: 1, at: 0 });
    expect(down.violations[0]!.explanation).toContain('jump down');
  });

  it('2: B is 0 on an interval where F moves', () => {
    const { violations } = certify({ F: (x) => x / 4, B: clipped });
    expect(violations.map((v) => v.condition)).toEqual([2, 2]);
    expect(violations[1]!.interval[0]).toBeCloseTo(1, 6);
    expect(violations[1]!.interval[1]).toBe(4);
  });

  it('3: B steps where F is constant, but may stop at 0 in between', () => {
    const step = (x: number) => (x < 0.5 ? 1 : 2);
    expect(certify({ F: sign, B: step }).violations.map((v) => v.condition)).toEqual([3]);
    const parted = (x: number) => (x < 0.5 ? 1 : x < 0.75 ? 0 : 2);
    expect(certify({ F: sign, B: parted }).holds).toBe(true);
  });

  it('3: B may differ on both sides of a jump of F', () => {
    expect(certify({ F: sign, B: (x) => (x < 0 ? 1 : 2) }).holds).toBe(true);
  });
});

describe('4: P exists where B goes to 0', () => {
  const x: (x: number) => number = (w) => w;
  const hardTanh = (w: number) => Math.max(-1, Math.min(1, w));
  const away = 0.1234567;

  it.each([
    ['F = x, B = |x|', x, Math.abs, {}],
    ['F = x, B = x^2', x, (w: number) => w * w, {}],
    ['F = x, B = x^4', x, (w: number) => w ** 4, {}],
    ['F = x, B = |x - c|', x, (w: number) => Math.abs(w - away), {}],
    ['F = x, B = (x - c)^2', x, (w: number) => (w - away) ** 2, {}],
    ['F = x, B = 0 from one side', x, (w: number) => (w < away ? 1 : w - away), {}],
    ['F = x^2 sign(x), B = |x|^3', (w: number) => w * Math.abs(w), (w: number) => Math.abs(w) ** 3, {}],
    ['hard tanh, B = 1 - |x|', hardTanh, (w: number) => Math.max(0, 1 - Math.abs(w)), {}],
    [
      'hard tanh, B = 1 - |x|, declared',
      hardTanh,
      (w: number) => Math.max(0, 1 - Math.abs(w)),
      { special: [-1, 1] },
    ],
    // F rests far from the zero and moves next to it.
    [
      'F = clip(x, -1/2, 1/2), B = min(|x|, 1/2)',
      (w: number) => Math.max(-0.5, Math.min(0.5, w)),
      (w: number) => Math.min(0.5, Math.abs(w)),
      {},
    ],
    ['hard tanh, B = 2 - 2|x|', hardTanh, (w: number) => Math.max(0, 2 - 2 * Math.abs(w)), {}],
    ['F = x |x| / 2 + 1e-5 x, B = |x|', (w: number) => (w * Math.abs(w)) / 2 + 1e-5 * w, Math.abs, {}],
  ])('%s fails: the integral of dF / B diverges', (_, F, B, rest) => {
    const { holds, violations } = certify({ F, B, ...rest });
    expect(holds).toBe(false);
    expect(violations.map(({ condition }) => condition)).toContain(4);
    expect(violations[0]!.explanation).toMatch(/does not converge/);
  });

  it.each([
    ['F = x, B = sqrt|x|', x, (w: number) => Math.sqrt(Math.abs(w))],
    ['F = x, B = sqrt|x - c|', x, (w: number) => Math.sqrt(Math.abs(w - away))],
    ['hard tanh, B = sqrt(1 - x^2)', hardTanh, (w: number) => Math.sqrt(Math.max(0, 1 - w * w))],
    ['F = x^3, B = x^2', (w: number) => w ** 3, (w: number) => w * w],
    ['F = x |x|, B = |x|', (w: number) => w * Math.abs(w), Math.abs],
    ['F = cbrt(x), B = |x|^0.2', Math.cbrt, (w: number) => Math.abs(w) ** 0.2],
  ])('%s holds: it converges', (_, F, B) => {
    const certificate = certify({ F, B });
    expect(certificate.violations).toEqual([]);
  });

  it('decides at the ends of the range too', () => {
    const options = { range: [-1, 1] } as const;
    expect(certify({ F: x, B: (w) => 1 - Math.abs(w) }, options).holds).toBe(false);
    expect(certify({ F: x, B: (w) => Math.sqrt(1 - w * w) }, options).holds).toBe(true);
  });

  it('counts what it cannot tell as failing', () => {
    const slow = certify({ F: x, B: (w) => Math.abs(w) ** 0.97 });
    expect(slow.holds).toBe(false);
    expect(slow.violations[0]!.explanation).toContain('cannot be told');
    const wild = certify({ F: (w) => Math.sin(1e7 * w), B: () => 1 });
    expect(wild.holds).toBe(false);
    expect(wild.explain()).toContain('varies too fast');
  });
});

describe('jumps that nobody declared', () => {
  it.each([5e-4, 1e-4, 1e-5, 2e-6])('against B are found from %d of the range of F on', (size) => {
    for (const F of [Math.tanh, (x: number) => x / 4, (x: number) => Math.sin(x / 4)]) {
      const height = size * (F(4) - F(-4));
      for (const at of [0.3, -1.2345, 3.9])
        expect(certify({ F: (x) => F(x) - (x >= at ? height : 0), B: () => 1 }).holds).toBe(false);
    }
  });

  it('with B are part of P', () => {
    const { holds, proximalMap } = certify({ F: (x) => x / 4 + (x >= 0.3 ? 1e-3 : 0), B: () => 1 });
    expect(holds).toBe(true);
    expect(proximalMap!.at(0.3001) - proximalMap!.at(0.2999)).toBeGreaterThan(9e-4);
  });
});

describe('what the tolerance forgives', () => {
  it('does not hide that B varies: a wiggle of 1e-10 is standing still', () => {
    const F = (x: number) => sign(x) + 1e-10 * Math.sin(50 * x);
    expect(certify({ F, B: () => 1 }).holds).toBe(true);
    expect(certify({ F, B: (x) => 1 / (1 + x * x) }).violations.map((v) => v.condition)).toEqual([3, 3]);
  });

  it("3: T' has no value at one point that it has on neither side", () => {
    const F = (x: number) => (x < 0 ? x : x > 1 ? x - 1 : 0);
    const holds = (left: number, still: number, right: number) =>
      certify({ F, B: (x) => (x < 0 ? left : x > 1 ? right : still) }).holds;
    expect(holds(1, 1, 1)).toBe(true);
    expect(holds(1, 2, 1)).toBe(false);
    expect(holds(1, 2, 3)).toBe(true);
    expect(holds(1, 1, 3)).toBe(true);
    expect(holds(1, 4, 3)).toBe(false);
  });
});

describe('tolerance', () => {
  // Each is sound but for a violation of 1e-3 of the range of F or of the size of B, at steepness 1, 10 and 100.
  it.each([1, 10, 100])('no false pass at a violation of 1e-3, b = %d', (b) => {
    const F = (x: number) => Math.tanh(b * x);
    const B = (x: number) => b / Math.cosh(Math.min(300, Math.abs(b * x))) ** 2;
    expect(certify({ F, B }).holds).toBe(true);
    expect(certify({ F, B: (x) => B(x) - 1e-3 * b }, { range: [-8, 8] }).holds).toBe(false);
    expect(certify({ F, B: (x) => (F(x) > 1 - 1e-3 ? 0 : B(x)) }).holds).toBe(false);
    expect(certify({ F: sign, B: (x) => 1 + 1e-3 * Math.sin(b * x) }).holds).toBe(false);
    expect(certify({ F: sign, B: (x) => clipped(x) * (1 + 1e-3 * x) }).holds).toBe(false);
    expect(certify({ F: sign, B: (x) => (Math.abs(x) < 1 / b ? 1 : 1.001) }).holds).toBe(false);
    expect(certify({ F: (x) => sign(x) - 2e-3 * Number(x >= 2 / b), B: () => 1 }).holds).toBe(false);
  });

  it('is an option, stated in the certificate', () => {
    const F = sign;
    const B = (x: number) => 1 + 1e-4 * x;
    expect(certify({ F, B }).holds).toBe(false);
    const loose = certify({ F, B }, { tolerance: 1e-2 });
    expect(loose.holds).toBe(true);
    expect(loose.explain()).toContain('tolerance 0.01');
    expect(() => certify({ F, B }, { tolerance: 0 })).toThrow(/invalid|tolerance/);
  });
});

describe('recovery', () => {
  const points = Array.from({ length: 161 }, (_, i) => -3.95 + (7.9 * i) / 160);

  it('P of ProxConnect is L(rho, varrho), T the identity', () => {
    for (const [rho, varrho] of [
      [0, 0],
      [0.3, 0.2],
      [0.2, 0.6],
      [1.5, 0.1],
    ] as const) {
      const { proximalMap, transform } = certify({ F: L(rho, varrho), B: () => 1 });
      for (const x of points) expect(proximalMap!.at(x)).toBeCloseTo(L(rho, varrho)(x), 6);
      for (const p of [-1, -0.9, 0.95, 1]) expect(transform!.at(p)).toBeCloseTo(p, 6);
    }
  });

  it('P of BNN++ is the identity, T is SS, r is 0', () => {
    for (const b of [1, 3, 10, 100]) {
      const { proximalMap, transform, regularizer } = certify({ F: ss(b), B: dss(b) });
      for (const x of points) {
        expect(Math.abs(proximalMap!.at(x) - x)).toBeLessThan(1e-3);
        expect(Math.abs(transform!.at(x) - ss(b)(x))).toBeLessThan(1e-3);
        expect(Math.abs(regularizer!.at(x))).toBeLessThan(1e-3);
      }
    }
  });

  it('P of BNN is sign in the window and goes on beyond, T is flat there', () => {
    const { proximalMap, transform, positions } = certify({ F: sign, B: clipped });
    for (const x of points.filter((w) => Math.abs(w) < 1)) expect(proximalMap!.at(x)).toBeCloseTo(sign(x), 6);
    expect(transform!.at(2)).toBeCloseTo(1, 9);
    expect(positions[0]!.decomposition!.free.map(([a, b]) => [a.toFixed(6), b.toFixed(6)])).toEqual([
      ['-4.000000', '-1.000000'],
      ['1.000000', '4.000000'],
    ]);
  });

  it('r of ProxQuant is the W-shaped distance to the levels', () => {
    for (const lambda of [0.1, 0.25, 0.5]) {
      // prox of lambda | |z| - 1 |, derived by hand.
      const prox = (w: number) => {
        const a = Math.abs(w);
        return sign(w) * (a < 1 - lambda ? a + lambda : a <= 1 + lambda ? 1 : a - lambda);
      };
      const { regularizer } = certify({ F: prox, B: () => 1 });
      for (let z = -3; z <= 3; z += 0.05)
        expect(Math.abs(regularizer!.at(z) - lambda * Math.abs(Math.abs(z) - 1))).toBeLessThan(1e-3);
    }
  });

  it('r of BinaryConnect is infinite beyond the levels, and scales with 1 / mu', () => {
    const { regularizer } = certify({ F: sign, B: () => 1 });
    expect(regularizer!.at(1.5)).toBe(Infinity);
    expect(regularizer!.at(1)).toBeCloseTo(0, 9);
    expect(regularizer!.at(0)).toBeCloseTo(1, 9);
    expect(certify({ F: sign, B: () => 1 }, { strength: 4 }).regularizer!.at(0)).toBeCloseTo(0.25, 9);
  });
});

describe('errors', () => {
  it('names the point where F or B is not finite', () => {
    expect(() => certify({ F: () => NaN, B: () => 1 })).toThrow(/F\(.*NaN/);
    expect(() => certify({ F: sign, B: (x) => 1 / x })).toThrow(/B\(0\).*Infinity/);
  });

  it('refuses a backward that is 0 everywhere', () => {
    expect(() => certify({ F: sign, B: () => 0 })).toThrow(/0 on the whole range/);
  });

  it('refuses an empty range', () => {
    expect(() => certify({ F: sign, B: () => 1 }, { range: [1, 1] })).toThrow(/range/);
  });

  it('takes a narrow range far from 0, down to what numbers resolve', () => {
    const range = [1000, 1000.001] as const;
    expect(certify({ F: (x) => x, B: () => 1 }, { range }).holds).toBe(true);
    const jump = (down: number) => (x: number) => x - (x > 1000.0004 ? down : 0);
    expect(certify({ F: jump(-1e-4), B: () => 1 }, { range }).holds).toBe(true);
    expect(certify({ F: jump(1e-4), B: () => 1 }, { range }).holds).toBe(false);
    for (const pair of [{ F: sign, B: () => 1 }])
      for (const narrow of [
        [1000, 1000 + 1e-9],
        [1e16, 1e16 + 2],
        [-1.7e308, 1.7e308],
      ] as const)
        expect(() => certify(pair, { range: narrow })).toThrow(/range/);
  });

  it('names what is not a pair, and passes on what a formula throws as a typed error', () => {
    for (const pair of [undefined, null, 3, 'ste', {}, { F: sign }, { forward: ste().forward }, [sign, sign]])
      expect(() => certify(pair as never)).toThrow(/a quantizer, .*F and B/);
    const thrown = () => {
      throw null;
    };
    expect(() => certify({ F: thrown, B: () => 1 })).toThrow(/\[bitgrad.*F\(.*threw/);
    expect(() => certify({ F: sign, B: thrown })).toThrow(/\[bitgrad.*B\(.*threw/);
    const schedule = { options: {}, values: thrown };
    expect(() => certify({ forward: ste().forward, surrogate: ste().surrogate, schedule })).toThrow(
      /\[bitgrad/,
    );
  });

  it('names unknown options and the nearest known one', () => {
    const pair = { F: sign, B: () => 1 };
    expect(() => certify(pair, { tolerence: 1 } as object)).toThrow(/no option "tolerence".*"tolerance"/);
    expect(() => certify(pair, { anchor: { at: 0, valu: 1 } } as never)).toThrow(/anchor/);
    expect(() => certify({ ...pair, specials: [0] } as never)).toThrow(/no option "specials".*"special"/);
    expect(() => certify({ ...pair, special: [NaN] } as never)).toThrow(/special/);
  });
});
