// Every fused kernel against a plain float64 reference, on random and extreme shapes.
import {
  adamStep,
  adamSteps,
  elementwise,
  E,
  evaluateExpression,
  momentumStep,
  momentumSteps,
  opcodes,
  runKernel,
  unaryOps,
  type Expression,
} from '@bitgrad/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wasm } from '../src/index.js';
import { Operation } from '../src/training/operations.js';
import { randoms, size } from './support.js';

const adapter = wasm();
beforeAll(() => adapter.start());
afterAll(() => adapter.dispose());

const TOLERANCE = 1e-5;

/** |actual - expected| within the tolerance of |expected|, or of `scale`: the size of the terms that were summed. */
function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  scale: number | ArrayLike<number> = 0,
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (Object.is(a, e) || (Number.isNaN(a) && Number.isNaN(e))) continue;
    const size = Math.max(Math.abs(e), typeof scale === 'number' ? scale : scale[i]!, 1e-37);
    if (!(Math.abs(a - e) <= TOLERANCE * size)) expect.fail(`at ${i}: ${a}, expected ${e}`);
  }
}

const data = (t: tf.Tensor): Float32Array => t.dataSync() as Float32Array;
const tensor = (values: ArrayLike<number>, shape: number[]): tf.Tensor =>
  tf.tensor(Float32Array.from(values), shape);

describe('elementwise', () => {
  it('numbers operations as linear programs do', () => {
    const numbers = Object.values(Operation).filter((value) => typeof value === 'number');
    expect(numbers.map((number) => Operation[number])).toEqual(opcodes);
  });

  const special = [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    1e-38,
    -1e-41,
    1e30,
    -1e30,
    88,
    -88,
    -104,
    Infinity,
    -Infinity,
    NaN,
  ];
  const grid = (): number[] => [
    ...special,
    ...Array.from({ length: 801 }, (_, i) => (i - 400) / 37),
    ...Array.from({ length: 200 }, (_, i) => (i - 100) * 0.7319),
  ];
  const apply = (expression: Expression, values: number[]): Float32Array =>
    tf.tidy(() => data(elementwise(expression, { x: tensor(values, [values.length]) }, [values.length])));

  it.each(unaryOps.filter((op) => op !== 'sin' && op !== 'cos'))('%s', (op) => {
    const expression = { op, a: E.input('x') } as Expression;
    const values = Array.from(Float32Array.from(grid()));
    const expected = Float32Array.from(values, (x) => evaluateExpression(expression, { x }));
    // log near 1 and subnormal results keep an absolute error only.
    expectClose(apply(expression, values), expected, op === 'log' ? 0.1 : 1e-30);
  });

  it.each(['sin', 'cos'] as const)('%s', (op) => {
    const expression = { op, a: E.input('x') } as Expression;
    const values = Array.from(
      Float32Array.from([...grid().filter((x) => Math.abs(x) < 1e6), 1e6, -1e6, 123456.789, Infinity, NaN]),
    );
    const expected = values.map((x) => evaluateExpression(expression, { x }));
    expectClose(apply(expression, values), expected, 0.1);
  });

  it('round goes to even, floor and sign keep the edge values', () => {
    expect(Array.from(apply(E.round(E.input('x')), [0.5, 1.5, 2.5, -0.5, -1.5]))).toEqual([0, 2, 2, -0, -2]);
    expect(Array.from(apply(E.sign(E.input('x')), [0, -0, 1e-45, -1e-45]))).toEqual([1, 1, 1, -1]);
  });

  const leaf = fc.oneof(
    fc.constantFrom('x', 'y', 's', 'v').map((name) => E.input(name)),
    fc.integer({ min: -8, max: 8 }).map((n) => E.constant(n / 4)),
  );
  const expressions = fc.letrec<{ e: Expression }>((tie) => ({
    e: fc.oneof(
      { maxDepth: 4, depthSize: 'medium' },
      leaf,
      fc
        .tuple(fc.constantFrom('neg', 'abs', 'tanh', 'sigmoid', 'cos'), tie('e'))
        .map(([op, a]) => ({ op, a }) as Expression),
      fc
        .tuple(fc.constantFrom('add', 'sub', 'mul', 'min', 'max', 'ge', 'lt', 'eq'), tie('e'), tie('e'))
        .map(([op, a, b]) => ({ op, a, b }) as Expression),
      fc.tuple(tie('e'), tie('e'), tie('e')).map(([test, a, b]) => E.select(test, a, b)),
    ),
  })).e;

  it('any expression, with full, scalar and vector inputs of any size', () => {
    fc.assert(
      fc.property(
        expressions,
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(1, 2, 3, 4, 5, 16, 511, 512, 513, 1000),
        (expression, rows, c) => {
          const [x, y, v] = [randoms(1, rows * c), randoms(2, rows * c), randoms(3, c)];
          const s = 0.75;
          tf.tidy(() => {
            const actual = data(
              elementwise(
                expression,
                { x: tensor(x, [rows, c]), y: tensor(y, [rows, c]), s: tf.scalar(s), v: tensor(v, [c]) },
                [rows, c],
              ),
            );
            let wrong = 0;
            for (let i = 0; i < actual.length; i++) {
              const expected = evaluateExpression(expression, { x: x[i]!, y: y[i]!, s, v: v[i % c]! });
              if (!(Math.abs(actual[i]! - expected) <= TOLERANCE * Math.max(1, Math.abs(expected)))) wrong++;
            }
            // A comparison of two rounded results may go the other way at a few points.
            expect(wrong).toBeLessThanOrEqual(Math.ceil(actual.length / 1000));
          });
        },
      ),
      { numRuns: 150, seed: 3 },
    );
  });

  it('runs the fused kernel', () => {
    const before = adapter.report()['BitgradElementwise']!;
    apply(E.sign(E.input('x')), [1]);
    expect(adapter.report()['BitgradElementwise']).toBe(before + 1);
  });
});

/** Shapes [..., c] by number of rows and channels; 1 pixel, 1 channel, odd, long. */
const shapes = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(255, 256, 257, 1111, 5000)),
    fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(63, 64, 65, 513)),
  )
  .filter(([r, c]) => r * c < 200000);

describe('batch normalization', () => {
  const epsilon = 1e-3;
  const reference = (
    x: Float32Array,
    gamma: Float32Array,
    beta: Float32Array,
    dy: Float32Array,
    r: number,
    c: number,
  ) => {
    const out = {
      y: [] as number[],
      mean: [] as number[],
      variance: [] as number[],
      dx: [] as number[],
      dgamma: [] as number[],
      dbeta: [] as number[],
      scale: [] as number[],
    };
    for (let j = 0; j < c; j++) {
      let mean = 0;
      let variance = 0;
      let [db, dg] = [0, 0];
      for (let i = 0; i < r; i++) mean += x[i * c + j]! / r;
      for (let i = 0; i < r; i++) variance += (x[i * c + j]! - mean) ** 2 / r;
      const inverse = 1 / Math.sqrt(variance + epsilon);
      for (let i = 0; i < r; i++) {
        db += dy[i * c + j]!;
        dg += dy[i * c + j]! * (x[i * c + j]! - mean) * inverse;
      }
      out.mean[j] = mean;
      out.variance[j] = variance;
      out.dbeta[j] = db;
      out.dgamma[j] = dg;
      for (let i = 0; i < r; i++) {
        const at = i * c + j;
        const h = (x[at]! - mean) * inverse;
        out.y[at] = gamma[j]! * h + beta[j]!;
        out.dx[at] = gamma[j]! * inverse * (dy[at]! - (db + h * dg) / r);
        out.scale[at] =
          Math.abs(gamma[j]! * inverse) * (Math.abs(dy[at]!) + (Math.abs(db) + Math.abs(h * dg)) / r);
      }
    }
    return out;
  };

  it.each([0, 100, -3000])('any shape, values around %i', (offset) => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 1000 }), ([r, c], seed) => {
        const [x, dy] = [randoms(seed, r * c, offset), randoms(seed + 1, r * c)];
        const [gamma, beta] = [randoms(seed + 2, c, 1), randoms(seed + 3, c)];
        const expected = reference(x, gamma, beta, dy, r, c);
        tf.tidy(() => {
          const inputs = { x: tensor(x, [r, c]), gamma: tensor(gamma, [c]), beta: tensor(beta, [c]) };
          const [y, mean, variance, inverseStd] = runKernel('BitgradBatchNormTrain', inputs, { epsilon });
          expectClose(data(mean!), expected.mean, 1);
          expectClose(data(variance!), expected.variance, 1e-3);
          expectClose(data(y!), expected.y, 1);
          const [dx, dgamma, dbeta] = runKernel('BitgradBatchNormTrainGrad', {
            ...{
              x: inputs.x,
              dy: tensor(dy, [r, c]),
              gamma: inputs.gamma,
              mean: mean!,
              inverseStd: inverseStd!,
            },
          });
          const sum = Math.sqrt(r);
          expectClose(data(dbeta!), expected.dbeta, sum);
          expectClose(data(dgamma!), expected.dgamma, sum);
          expectClose(data(dx!), expected.dx, expected.scale);
        });
      }),
      { numRuns: 40, seed: 5 },
    );
  });

  it('constant input: variance 0 exactly', () => {
    tf.tidy(() => {
      const x = tf.fill([33, 5], 0.1);
      const [y, , variance] = runKernel(
        'BitgradBatchNormTrain',
        { x, gamma: tf.ones([5]), beta: tf.fill([5], 2) },
        { epsilon },
      );
      expect(Math.max(...data(variance!))).toBeLessThan(1e-12);
      expectClose(data(y!), new Array(165).fill(2));
    });
  });
});

describe('softmax cross-entropy', () => {
  it('any shape, confident and extreme logits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 101 }),
        fc.constantFrom(0, 1, 12, 300),
        fc.boolean(),
        (n, k, spread, soft) => {
          const logits = randoms(n, n * k).map((v) => v * spread);
          const labels = new Float32Array(n * k);
          for (let i = 0; i < n; i++) {
            labels[i * k + (i % k)] = soft ? 0.7 : 1;
            if (soft) labels[i * k + ((i + 1) % k)]! += 0.3;
          }
          tf.tidy(() => {
            const [loss, dlogits] = runKernel('BitgradSoftmaxCrossEntropy', {
              logits: tensor(logits, [n, k]),
              labels: tensor(labels, [n, k]),
            });
            for (let i = 0; i < n; i++) {
              const row = Array.from(logits.subarray(i * k, i * k + k));
              const top = Math.max(...row);
              // The sum without its largest term, so that log1p keeps a small loss exact.
              const skip = row.indexOf(top);
              const rest = row.reduce((sum, v, j) => sum + (j === skip ? 0 : Math.exp(v - top)), 0);
              const l = Array.from(labels.subarray(i * k, i * k + k));
              const total = l.reduce((a, b) => a + b);
              const fit = row.reduce((sum, v, j) => sum + (l[j] ? l[j]! * (v - top) : 0), 0);
              expectClose([data(loss!)[i]!], [total * Math.log1p(rest) - fit], 1e-9);
              const expected = row.map((v, j) => (Math.exp(v - top) * total) / (1 + rest) - l[j]!);
              expectClose(data(dlogits!).subarray(i * k, i * k + k), expected, 1e-9);
            }
          });
        },
      ),
      { numRuns: 60, seed: 4 },
    );
  });
});

describe('PReLU gradient', () => {
  const check = (r: number, c: number): void => {
    const [x, dy, alpha] = [randoms(1, r * c), randoms(2, r * c), randoms(3, c)];
    x[0] = 0;
    const [dx, dalpha] = [new Float64Array(r * c), new Float64Array(c)];
    x.forEach((v, i) => {
      dx[i] = v > 0 ? dy[i]! : alpha[i % c]! * dy[i]!;
      if (v <= 0) dalpha[i % c]! += v * dy[i]!;
    });
    tf.tidy(() => {
      const inputs = { x: tensor(x, [r, c]), alpha: tensor(alpha, [c]), dy: tensor(dy, [r, c]) };
      const [actualX, actualAlpha] = runKernel('BitgradPReluGrad', inputs);
      expectClose(data(actualX!), dx);
      expectClose(data(actualAlpha!), dalpha, Math.sqrt(r));
    });
  };
  it('any shape', () => {
    fc.assert(
      fc.property(shapes, ([r, c]) => check(r, c)),
      { numRuns: 30, seed: 6 },
    );
  });
  it.each([1, 3, 4, 255, 256, 257, 4099, 20_003])('one slope for %d numbers', (count) => check(count, 1));
});

describe('optimizer steps', () => {
  const lengths = fc.integer({ min: 1, max: 300 });
  it('adam', () => {
    fc.assert(
      fc.property(lengths, fc.constantFrom(1, 2, 1000), (n, t) => {
        const [w, g, m] = [randoms(1, n), randoms(2, n), randoms(3, n)];
        const v = randoms(4, n).map((x) => x * x);
        g[0] = 0;
        const o = {
          learningRate: 0.01,
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-7,
          correction1: 1 - 0.9 ** t,
          correction2: 1 - 0.999 ** t,
        };
        tf.tidy(() => {
          const actual = adamStep(tensor(w, [n]), tensor(g, [n]), tensor(m, [n]), tensor(v, [n]), o).map(
            data,
          );
          const m2 = Array.from(m, (x, i) => 0.9 * x + (1 - 0.9) * g[i]!);
          const v2 = Array.from(v, (x, i) => 0.999 * x + (1 - 0.999) * g[i]! ** 2);
          const w2 = Array.from(
            w,
            (x, i) => x - (0.01 * (m2[i]! / o.correction1)) / (Math.sqrt(v2[i]! / o.correction2) + 1e-7),
          );
          [w2, m2, v2].forEach((expected, i) => expectClose(actual[i]!, expected, i === 0 ? 1 : 0.1));
        });
      }),
      { numRuns: 30, seed: 1 },
    );
  });
  it('momentum', () => {
    fc.assert(
      fc.property(lengths, fc.constantFrom(0, 0.9), fc.boolean(), (n, momentum, nesterov) => {
        const [w, g, u] = [randoms(1, n), randoms(2, n), randoms(3, n)];
        tf.tidy(() => {
          const o = { learningRate: 0.1, momentum, nesterov };
          const actual = momentumStep(tensor(w, [n]), tensor(g, [n]), tensor(u, [n]), o).map(data);
          const u2 = Array.from(u, (x, i) => momentum * x + g[i]!);
          const w2 = Array.from(w, (x, i) => x - 0.1 * (nesterov ? g[i]! + momentum * u2[i]! : u2[i]!));
          expectClose(actual[0]!, w2, 0.1);
          expectClose(actual[1]!, u2, 0.1);
        });
      }),
      { numRuns: 30, seed: 1 },
    );
  });
  it('of many variables at once is that of each', () => {
    const variables = [1, 3, 64, 5000, ...Array.from({ length: 70 }, (_, i) => i + 5)];
    const o = {
      learningRate: 0.01,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
      correction1: 0.1,
      correction2: 0.2,
    };
    const plain = { learningRate: 0.1, momentum: 0.9, nesterov: true };
    tf.tidy(() => {
      const all = variables.map((n, i) => {
        const [value, gradient, m, v] = [1, 2, 3, 4].map((seed) => tensor(randoms(seed + i, n), [n]));
        return { value: value!, gradient: gradient!, m: m!, v: tf.square(v!), velocity: m! };
      });
      const bits = (steps: readonly (readonly tf.Tensor[])[]) => steps.map((step) => step.map(data));
      expect(
        bits(
          adamSteps(
            all.map(({ velocity: _, ...each }) => each),
            o,
          ),
        ),
      ).toEqual(bits(all.map(({ value, gradient, m, v }) => adamStep(value, gradient, m, v, o))));
      expect(
        bits(
          momentumSteps(
            all.map(({ value, gradient, velocity }) => ({ value, gradient, velocity })),
            plain,
          ),
        ),
      ).toEqual(
        bits(all.map(({ value, gradient, velocity }) => momentumStep(value, gradient, velocity, plain))),
      );
    });
  });
  it('leaves its inputs as they are', () => {
    expect(size([2, 3])).toBe(6);
    tf.tidy(() => {
      const [w, g, u] = [tensor([1, 2], [2]), tensor([3, 4], [2]), tensor([5, 6], [2])];
      momentumStep(w, g, u, { learningRate: 1, momentum: 1, nesterov: true });
      expect([w, g, u].flatMap((t) => Array.from(data(t)))).toEqual([1, 2, 3, 4, 5, 6]);
    });
  });
});
