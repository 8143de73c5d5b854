// Update rules on a convex quadratic: every iterate of PC, BNN++, rPC and PQ against a plain reimplementation, with SGD,
// momentum and Adam; and where the theory says that iterates or their averages converge, that they do.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import {
  advanceClock,
  constantSchedule,
  initialClock,
  quantize,
  type LatentAccess,
  type Quantizer,
  type QuantizerSite,
  type TrainingClock,
} from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import { bc, bnnPlusPlus, pc, pq, proxQuant, pulledForward, reverseProxConnect, rpc } from '../src/index.js';

// l(w) = 1/2 sum_i h_i (w_i - t_i)^2 + c w_0 w_1, convex because c^2 < h_0 h_1.
const h = [1, 0.8, 1.5, 0.6];
const target = [0.4, -0.7, 1.3, -1.4];
const coupling = 0.3;
const start = [0.11, 0.23, 0.37, -0.52];
const gradient = (w: readonly number[]): number[] =>
  w.map((x, i) => h[i]! * (x - target[i]!) + (i === 0 ? coupling * w[1]! : i === 1 ? coupling * w[0]! : 0));

const site: QuantizerSite = { role: 'kernel', shape: [4], channelAxes: [-1] };
const rate = 0.01;
const steps = 100;

/** Runs the quantizer and returns w* after each step, and F(w*) of each step. */
function run(quantizer: Quantizer, optimizer: tf.Optimizer, n = steps, eta = rate) {
  const variable = tf.variable(tf.tensor1d(start));
  let clock: TrainingClock = { ...initialClock, totalSteps: n, learningRate: eta };
  const latent: LatentAccess = {
    variables: [variable],
    quantize: (v) => quantize(quantizer, v, { site, clock }),
    clock: () => clock,
  };
  const wrapped = quantizer.wrapOptimizer?.(optimizer, latent) ?? optimizer;
  const [latents, values]: [number[][], number[][]] = [[], []];
  let tensors = 0;
  for (let step = 0; step < n; step++) {
    const { value, grads } = tf.tidy(() =>
      tf.variableGrads(() => {
        const w = quantize(quantizer, variable, { site, clock, training: true });
        values.push([...w.dataSync()]);
        const pull = tf.sum(tf.mul(tf.tensor1d(h), tf.square(tf.sub(w, tf.tensor1d(target)))));
        const [w0, w1] = [tf.slice(w, 0, 1), tf.slice(w, 1, 1)];
        return tf.add(tf.mul(0.5, pull), tf.sum(tf.mul(coupling, tf.mul(w0, w1)))) as tf.Scalar;
      }, [variable]),
    );
    wrapped.applyGradients(grads);
    tf.dispose([value, grads]);
    clock = advanceClock(clock);
    latents.push([...variable.dataSync()]);
    // The first step may make an optimizer's slots; from then on the number of tensors is flat.
    if (step === 0) tensors = tf.memory().numTensors;
    expect(tf.memory().numTensors).toBe(tensors);
  }
  variable.dispose();
  optimizer.dispose();
  return { latents, values };
}

/** float32, in which the optimizers keep their state. */
const f32 = (x: number[]) => x.map(Math.fround);

/** The three optimizers in plain Math: the change of w for a gradient. */
const rules = {
  sgd: () => (g: number[]) => g.map((x) => rate * x),
  momentum: () => {
    let velocity = g0();
    return (g: number[]) => {
      velocity = f32(velocity.map((v, i) => 0.9 * v + g[i]!));
      return velocity.map((v) => rate * v);
    };
  },
  // tfjs's Adam keeps its constants and the powers of beta in float32, which moves the first steps by 1e-5 of their size.
  adam: () => {
    let [m, v, power1, power2] = [g0(), g0(), 1, 1];
    const [beta1, beta2] = [Math.fround(0.9), Math.fround(0.999)];
    return (g: number[]) => {
      power1 = Math.fround(power1 * beta1);
      power2 = Math.fround(power2 * beta2);
      m = f32(m.map((x, i) => beta1 * x + Math.fround(1 - 0.9) * g[i]!));
      v = f32(v.map((x, i) => beta2 * x + Math.fround(1 - 0.999) * g[i]! ** 2));
      const [c1, c2] = [Math.fround(1 - power1), Math.fround(1 - power2)];
      return m.map((x, i) => (rate * (x / c1)) / (Math.sqrt(v[i]! / c2) + 1e-7));
    };
  },
};
const g0 = () => [0, 0, 0, 0];
const optimizers: Record<keyof typeof rules, () => tf.Optimizer> = {
  sgd: () => tf.train.sgd(rate),
  momentum: () => tf.train.momentum(rate, 0.9),
  adam: () => tf.train.adam(rate, 0.9, 0.999, 1e-7),
};
const names = Object.keys(rules) as (keyof typeof rules)[];

const sign = (x: number) => (x >= 0 ? 1 : -1);
/** L(rho, rho) for the levels -1 and 1, by math of arXiv 2110.13220. */
const L = (w: number, rho: number) => {
  const [a, c] = [Math.min(1, rho), Math.max(0, 1 - rho)];
  return Math.abs(w) >= c ? sign(w) : sign(w) * (a + (Math.abs(w) * (1 - a)) / c);
};
const ss = (x: number) => {
  const s = 1 / (1 + Math.exp(-x));
  return 2 * s * (1 + x * (1 - s)) - 1;
};
const dss = (x: number) => (2 - x * Math.tanh(x / 2)) / (1 + Math.cosh(x));

type Change = (g: number[]) => number[];
type Rule = (w: number[], t: number, change: Change) => number[];

/** Plain iterations of a rule: w* after each step. */
function iterate(rule: Rule, change: Change, n = steps): number[][] {
  let w = start;
  return Array.from({ length: n }, (_, t) => (w = f32(rule(w, t, change))));
}

const minus = (w: number[], d: number[]) => w.map((x, i) => x - d[i]!);
const one = { kernelUnit: 'one', kernelScale: 1 } as const;
const linear = { growth: 'linear', muStart: 0, muEnd: 1.2, muUntil: 1 } as const;
const pullAt = (pull: number, t: number) => (pull * t) / steps ** 2;
const rhoAt = (t: number) => (1.2 * t) / steps;

const cases: [string, () => Quantizer, Rule][] = [
  [
    'PC',
    () => pc({ ...one, ...linear }),
    (w, t, change) => minus(w, change(gradient(w.map((x) => L(x, rhoAt(t)))))),
  ],
  [
    'PC with mu_t = 1 + the sum of learning rates',
    () => pc({ ...one, growth: 'learning-rate-sum', muStart: 1, rho: 0.05, varrho: 0.05 }),
    (w, t, change) => minus(w, change(gradient(w.map((x) => L(x, 0.05 * (1 + t * rate)))))),
  ],
  [
    'BNN++ as published',
    () => bnnPlusPlus({ ...one, box: false, growth: 'exponential', muStart: 1, muEnd: 8, muUntil: 1 }),
    (w, t, change) => {
      const b = 8 ** (t / steps);
      const g = gradient(w.map((x) => ss(b * x)));
      return minus(w, change(g.map((x, i) => x * b * dss(b * w[i]!))));
    },
  ],
  [
    'BNN++ that hardens in its box',
    () =>
      bnnPlusPlus({
        ...one,
        growth: 'linear',
        muStart: 1.5,
        muEnd: 1.5,
        hardenFrom: 0.1,
        hardenUntil: 0.9,
      }),
    (w, t, change) => {
      const rho = Math.min(1, Math.max(0, (t / steps - 0.1) / 0.8));
      const P = (x: number) => (Math.abs(x) >= 1 ? x : L(x, rho));
      const T = (p: number) => (Math.abs(p) >= 1 ? sign(p) : ss(1.5 * p) / ss(1.5));
      const slope = (p: number) => (Math.abs(p) > 1 ? 0 : (1.5 * dss(1.5 * p)) / ss(1.5));
      const gain = 1 / (1 - T(rho) + rho * slope(1));
      const g = gradient(w.map((x) => T(P(x))));
      return minus(w, change(g.map((x, i) => x * gain * slope(P(w[i]!)))));
    },
  ],
  [
    'rPC',
    () => rpc({ ...one, ...linear, pull: 60 }),
    (w, t, change) =>
      minus(
        w.map((x) => L(x, pullAt(60, t))),
        change(gradient(w)),
      ),
  ],
  [
    'PQ',
    () => pq({ ...one, ...linear, pull: 10 }),
    (w, t, change) => minus(w, change(gradient(w))).map((x) => L(x, pullAt(10, t))),
  ],
];

describe.each(cases)('%s', (_name, create, rule) => {
  it.each(names)('follows its rule for 100 steps with %s', (name) => {
    const expected = iterate(rule, rules[name]());
    const { latents } = run(create(), optimizers[name]());
    const errors = latents.map((w, t) =>
      Math.max(...w.map((x, i) => Math.abs(x - expected[t]![i]!) / Math.max(1, Math.abs(x)))),
    );
    expect(Math.max(...errors)).toBeLessThan(1e-6);
    // The rule moves: a run that stands still would agree with itself only.
    expect(Math.abs(expected.at(-1)![2]! - start[2]!)).toBeGreaterThan(0.03);
  });
});

it('PC, rPC and PQ with one P are three methods', () => {
  const fixed = constantSchedule({ mu: 0.03, pull: 0.03 });
  const step = { proximal: pulledForward(one), schedule: fixed };
  const iterates = (quantizer: Quantizer) =>
    run({ ...quantizer, schedule: fixed }, tf.train.sgd(0.05), 60, 0.05).latents;
  const pulled = (w: number[]) => w.map((x) => L(x, 0.03));
  const plain = iterates(pc(one)).map(pulled);
  const reversed = iterates({ ...rpc(one), wrapOptimizer: reverseProxConnect(step) }).map(pulled);
  const quantized = iterates({ ...pq(one), wrapOptimizer: proxQuant(step) });
  const apart = (a: number[][], b: number[][]) =>
    Math.max(...a.flatMap((w, t) => w.map((x, i) => Math.abs(x - b[t]![i]!))));
  // With rPC's gradient taken at P(w*), its P(w*_t) would be PQ's w*_t, bit for bit but for the start.
  expect(apart(reversed, quantized)).toBeGreaterThan(1e-3);
  expect(apart(reversed, plain)).toBeGreaterThan(1e-3);
  expect(apart(quantized, plain)).toBeGreaterThan(1e-3);
  // Each is its hand-written loop.
  const loop = (rule: (w: number[]) => number[]) => {
    let w = start;
    return Array.from({ length: 60 }, () => (w = f32(rule(w))));
  };
  const down = (at: number[]) => gradient(at).map((g) => 0.05 * g);
  const expected = [
    [plain, loop((w) => minus(w, down(pulled(w)))).map(pulled)],
    [reversed, loop((w) => minus(pulled(w), down(w))).map(pulled)],
    [quantized, loop((w) => pulled(minus(w, down(w))))],
  ] as const;
  for (const [here, byHand] of expected) expect(apart(here, byHand)).toBeLessThan(1e-6);
});

describe('convergence', () => {
  const fast = 0.05;
  // The least l over the box [-1, 1]^4, by projected gradient in plain Math: a point of reference, not of the package.
  const constrained = (() => {
    let w = start;
    for (let i = 0; i < 5000; i++)
      w = minus(
        w,
        gradient(w).map((g) => 0.3 * g),
      ).map((x) => Math.min(1, Math.max(-1, x)));
    return w;
  })();
  const far = (w: readonly number[]) => Math.max(...w.map((x, i) => Math.abs(x - constrained[i]!)));
  const mean = (values: number[][]) =>
    target.map((_, i) => values.reduce((sum, w) => sum + w[i]!, 0) / values.length);

  it('of the averaged iterates of PC with a convex r (rho = 0: the box)', () => {
    const clip = pc({ ...one, ...linear, muEnd: 0 });
    const short = far(mean(run(clip, tf.train.sgd(fast), 100, fast).values));
    const long = far(mean(run(clip, tf.train.sgd(fast), 1000, fast).values));
    expect(long).toBeLessThan(0.05);
    expect(long).toBeLessThan(short / 5);
  });

  it('of the averaged iterates of BinaryConnect, to the optimum over the convex hull of the levels', () => {
    const { values } = run(bc(), tf.train.sgd(fast), 1000, fast);
    expect(far(mean(values))).toBeLessThan(0.05);
    // Single iterates do not: they stay at the levels.
    expect(far(values.at(-1)!)).toBeGreaterThan(0.2);
  });

  it('of rPC and PQ with a convex r: projected gradient', () => {
    const box = { ...one, ...linear, pull: 0 };
    // What rPC's step starts from is P(w*); w* itself stays a step outside of the box.
    const reversed = run(rpc(box), tf.train.sgd(fast), 300, fast).latents.at(-1)!;
    expect(far(reversed.map((x) => L(x, 0)))).toBeLessThan(1e-3);
    expect(far(reversed)).toBeGreaterThan(0.01);
    expect(far(run(pq(box), tf.train.sgd(fast), 300, fast).latents.at(-1)!)).toBeLessThan(1e-3);
  });

  it('of BNN++ at a fixed mu where the optimum is inside', () => {
    const soft = bnnPlusPlus({ ...one, box: false, growth: 'linear', muStart: 1, muEnd: 1 });
    const { values } = run(soft, tf.train.sgd(0.2), 400, 0.2);
    // SS reaches beyond 1, so only the free coordinates have a stationary point.
    expect(Math.abs(values.at(-1)![0]! - constrained[0]!)).toBeLessThan(1e-2);
  });
});

describe('the wrapped optimizer', () => {
  const latentOf = (variables: tf.Variable[]): LatentAccess => ({
    variables,
    quantize: (v) => tf.clone(v),
    clock: () => ({ ...initialClock, totalSteps: 10, step: 10 }),
    // pull 10 of 10 steps: P is sign at the end.
  });

  it('keeps everything else of the optimizer, and goes through minimize', () => {
    const inner = tf.train.sgd(0.5);
    const w = tf.variable(tf.tensor1d([0.2, -0.3]));
    const wrapped = pq({ ...one }).wrapOptimizer!(inner, latentOf([w]));
    expect(wrapped).toBeInstanceOf(tf.Optimizer);
    expect(wrapped.getConfig()).toEqual({ learningRate: 0.5 });
    (wrapped as tf.SGDOptimizer).setLearningRate(0.25);
    expect(inner.getConfig()).toEqual({ learningRate: 0.25 });
    wrapped.minimize(() => tf.sum(w) as tf.Scalar, false, [w]);
    // mu = 1 at the end of training: the step, then sign.
    expect([...w.dataSync()]).toEqual([-1, -1]);
    tf.dispose([w]);
    wrapped.dispose();
  });

  it('leaves variables of others alone', () => {
    const [mine, other] = [tf.variable(tf.tensor1d([0.2])), tf.variable(tf.tensor1d([0.2]))];
    const wrapped = rpc({ ...one }).wrapOptimizer!(tf.train.sgd(0.1), latentOf([mine]));
    const ones = () => tf.tensor1d([1]);
    const grads = { [mine.name]: ones(), [other.name]: ones() };
    wrapped.applyGradients(grads);
    expect(mine.dataSync()[0]).toBeCloseTo(0.9, 6);
    expect(other.dataSync()[0]).toBeCloseTo(0.1, 6);
    tf.dispose([mine, other, ...Object.values(grads)]);
  });
});
