import { describe, expect, it } from 'vitest';
import { E, evaluateExpression, exp32, float32, inputsOf } from '@bitgrad/bits';
import {
  createPlanBuilder,
  erf,
  isElementwise,
  jsEngine,
  opDefinitions,
  validateModel,
  valueOf,
  type Op,
  type OpDraft,
} from '../src/index.js';

const at =
  (expression: ReturnType<typeof erf>) =>
  (x: number): number =>
    evaluateExpression(expression, { x }, float32);
const smooth = (name: 'sigmoid' | 'tanh' | 'gelu') =>
  at(valueOf({ op: 'unary', function: name, inputs: [0], output: 1 }));
const [sigmoid32, tanh32, gelu32] = [smooth('sigmoid'), smooth('tanh'), smooth('gelu')];
const erf32 = at(erf(E.input('x')));

const f = Math.fround;
const grid = Array.from({ length: 40001 }, (_, i) => f((i - 20000) / 230));

describe('float32 functions', () => {
  it('exp32 is within 2^-22 of e^x, relatively, over its range', () => {
    let worst = 0;
    for (const x of grid)
      if (x > -87.33 && x < 88.72) worst = Math.max(worst, Math.abs(exp32(x) / Math.exp(x) - 1));
    expect(worst).toBeLessThan(2 ** -22);
  });
  it.each([
    [0, 1],
    [-0, 1],
    [Infinity, Infinity],
    [-Infinity, 0],
    [NaN, NaN],
    [89, Infinity],
    [-88, 0],
  ])('exp32(%d) is %d', (x, y) => expect(exp32(x)).toBe(y));
  it('exp32 is finite and positive at the ends of its range, and monotone around them', () => {
    expect(exp32(f(88.72283))).toBeLessThan(Infinity);
    expect(exp32(f(88.72283))).toBeGreaterThan(3.4e38);
    expect(exp32(f(-87.33654))).toBeGreaterThanOrEqual(2 ** -126);
  });
  it('returns float32 numbers', () => {
    for (const x of grid.slice(0, 2000))
      for (const fn of [exp32, erf32, sigmoid32, tanh32, gelu32]) expect(fn(x)).toBe(f(fn(x)));
  });
  it('sigmoid32, tanh32, erf32 and gelu32 are near the functions', () => {
    // erf by integration of its derivative, 1e-9.
    const reference = (x: number): number => {
      const n = 2000;
      let sum = 0;
      for (let i = 0; i < n; i++) sum += Math.exp(-((((i + 0.5) * x) / n) ** 2));
      return (2 / Math.sqrt(Math.PI)) * sum * (x / n);
    };
    for (let x = -9; x <= 9; x += 0.0625) {
      expect(Math.abs(sigmoid32(x) - 1 / (1 + Math.exp(-x)))).toBeLessThan(2e-7);
      expect(Math.abs(tanh32(x) - Math.tanh(x))).toBeLessThan(2e-7);
      expect(Math.abs(erf32(x) - reference(x))).toBeLessThan(6e-7);
      expect(Math.abs(gelu32(x) - (x / 2) * (1 + reference(x / Math.SQRT2)))).toBeLessThan(2e-6);
    }
    expect([sigmoid32(-Infinity), sigmoid32(Infinity), tanh32(-Infinity), tanh32(Infinity)]).toEqual([
      0, 1, -1, 1,
    ]);
    expect([sigmoid32(NaN), tanh32(NaN), erf32(NaN), gelu32(NaN)]).toEqual([NaN, NaN, NaN, NaN]);
  });
});

it('expressions of ops have the weights as inputs, in their order', () => {
  const elementwise = Object.entries(opDefinitions).filter(([op]) => isElementwise({ op } as Op));
  expect(elementwise.map(([op]) => op)).toEqual(expect.arrayContaining(['affine', 'prelu']));
  for (const [op, { weights = [] }] of elementwise) {
    const value = valueOf({ op, function: 'gelu', min: 0, max: 6, inputs: [0], output: 1 } as never);
    expect(inputsOf(value).filter((name) => name !== 'x' && name !== 'y')).toEqual(weights);
  }
});

describe('rows', () => {
  const row = [-3, 0.25, 7.5, 2, -0.125, 2.75].map(f);
  const run = async (op: object, weights: Float32Array[]): Promise<number[]> => {
    const b = createPlanBuilder();
    const x = b.buffer('f32', [2, 6]);
    const w = weights.map((data) => b.weight('f32', [6], data));
    const y = b.op({ ...op, inputs: [x], ...(w.length > 0 && { weights: w }) } as unknown as OpDraft);
    const executable = await jsEngine().compile(validateModel(b.finish(x, y)));
    const result = executable.run(Float32Array.from([...row, ...row.map((v) => -v)]));
    executable.dispose();
    return Array.from(result);
  };
  const both = (of: (row: number[]) => number[]): number[] => [...of(row), ...of(row.map((v) => -v))];
  const near = (got: number[], want: number[]): void =>
    want.forEach((v, i) => expect(Math.abs(got[i]! - v)).toBeLessThan(2e-6));

  it('softmax is near the function', async () => {
    const want = both((x) => {
      const e = x.map((v) => Math.exp(v - Math.max(...x)));
      return e.map((v) => v / e.reduce((a, b) => a + b));
    });
    near(await run({ op: 'softmax' }, []), want);
  });
  it('layerNorm is near the function', async () => {
    const gamma = Float32Array.from({ length: 6 }, (_, i) => i - 2);
    const beta = Float32Array.from({ length: 6 }, (_, i) => i / 8);
    const want = both((x) => {
      const mean = x.reduce((a, b) => a + b) / 6;
      const variance = x.reduce((a, v) => a + (v - mean) ** 2, 0) / 6;
      return x.map((v, i) => ((v - mean) / Math.sqrt(variance + 0.5)) * gamma[i]! + beta[i]!);
    });
    near(await run({ op: 'layerNorm', epsilon: 0.5 }, [gamma, beta]), want);
  });
});
