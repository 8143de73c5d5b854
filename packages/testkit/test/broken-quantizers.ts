// One broken quantizer for each case of testQuantizer: each violates that case only.
import {
  defineForward,
  defineSurrogate,
  E,
  type ForwardQuantizer,
  type Quantizer,
  type Schedule,
  type SurrogateGradient,
} from '@bitgrad/core';
import * as tf from '@tensorflow/tfjs-core';
import type { QuantizerSubject } from '../src/index.js';
import { brokenBehaviour, brokenOptions } from './broken-members.js';
import { changed, goodForward, goodQuantizer, tried } from './good.js';

const x = E.input('x');
const broken = (change: (quantizer: Quantizer) => Partial<Quantizer>): QuantizerSubject => ({
  ...tried,
  create: (options) => {
    const quantizer = goodQuantizer(options);
    return changed(quantizer, change(quantizer));
  },
});
const forward = (change: Partial<ForwardQuantizer>) =>
  broken(() => ({ forward: defineForward({ ...goodForward(), ...change }) }));
const surrogate = (change: Partial<SurrogateGradient>) =>
  broken((q) => ({ surrogate: defineSurrogate({ ...q.surrogate, ...change }) }));
const schedule = (values: Schedule['values'], needsClock = false) =>
  broken((q) => ({
    schedule: { options: {}, values },
    capabilities: { ...q.capabilities, needsClock },
  }));
const parameters = (list: NonNullable<Quantizer['parameters']>) =>
  broken((q) => ({ parameters: list, capabilities: { ...q.capabilities, hasParameters: true } }));

/** Has zeros among its values, as the broken behaviours need. */
const zeroOne = defineForward({
  ...goodForward(),
  alphabet: 'zero-one',
  levels: [0, 1],
  formula: (v) => (v < 0 ? 0 : 1),
  expression: () => E.ge(x, 0),
  jumps: () => [{ at: 0, from: 0, to: 1 }],
});

const sign = (v: number) => (v < 0 ? -1 : 1);
let draws = 0;
let asked = 0;

export const brokenQuantizers: Record<string, QuantizerSubject> = {
  ...brokenOptions(goodQuantizer),
  ...Object.fromEntries(
    Object.entries(brokenBehaviour).map(([name, make]) => [
      name,
      broken(() => {
        const spoil = make();
        return {
          forward: zeroOne,
          augment: (y, input) => spoil(y, input),
        };
      }),
    ]),
  ),
  'has the shape of the contract': broken(() => ({ description: ' ' })),
  'says where it may be used': broken((q) => ({ capabilities: { ...q.capabilities, roles: [] } })),
  'gives the reason of its certificate claim': broken(() => ({ certificate: { holds: true, reason: '' } })),
  'is what the test expects': { ...tried, create: goodQuantizer, expected: { points: [[0.5, 1, 0.5]] } },
  'F equals its formula': forward({
    // Wrong beyond 20, which no sample tensor of the other cases reaches.
    expression: () => E.mul(E.sign(x), E.select(E.gt(E.abs(x), 20), -1, 1)),
    hardExpression: () => E.sign(x),
  }),
  'hard F equals its formula': forward({ hardExpression: () => E.select(E.gt(x, 0), 1, -1) }),
  'hard F gives levels': forward({
    soft: true,
    hardFormula: (v) => sign(v) / 2,
    hardExpression: () => E.mul(E.sign(x), 0.5),
  }),
  'F gives levels in training unless it says soft': forward({
    formula: (v) => Math.min(Math.max(v, -1), 1),
    expression: () => E.clip(x, -1, 1),
    hardFormula: sign,
    hardExpression: () => E.sign(x),
    jumps: () => [],
  }),
  'has the levels of its alphabet': forward({ alphabet: 'ternary' }),
  'declares the jumps of F': forward({ jumps: () => [] }),
  'F is a number at the infinities': forward({
    soft: true,
    formula: (v) => sign(v) + 0 * v,
    expression: () => E.add(E.sign(x), E.mul(x, 0)),
    hardFormula: sign,
    hardExpression: () => E.sign(x),
  }),
  'B equals its formula': surrogate({
    // Wrong at the breakpoint only, which no sample tensor of the other cases hits.
    expression: () => E.lt(E.abs(x), 1),
    formula: (v) => (Math.abs(v) <= 1 ? 1 : 0),
    breakpoints: () => [-1, 1],
  }),
  'declares where B jumps': surrogate({ breakpoints: () => [] }),
  'B is a number at the infinities': surrogate({
    formula: (v) => 1 + 0 * v,
    expression: () => E.add(1, E.mul(x, 0)),
    breakpoints: () => [],
  }),
  'value and gradient of the whole equal the formulas': surrogate({
    // Wrong between the points of the grid: only tensors of ordinary values show it.
    expression: () => E.mul(E.gt(E.abs(E.sub(x, 0.375)), 0.1), E.le(E.abs(x), 1)),
    formula: (v) => (Math.abs(v) <= 1 ? 1 : 0),
    breakpoints: () => [-1, 1],
  }),
  'has a scale that is not negative and broadcasts': forward({ scale: () => tf.scalar(-1) }),
  'divides by nothing that vanishes': forward({
    // 1 wherever mean |x| is not 0.
    scale: (input) =>
      tf.tidy(() => {
        const mean = tf.mean(tf.abs(input));
        return tf.div(mean, mean);
      }),
  }),
  'hardened values do not depend on the clock': forward({
    alphabet: 'k-bit',
    levels: [-1, 1],
    harden: (input, { clock }) =>
      tf.tidy(() =>
        tf.sub(tf.mul(tf.cast(tf.greaterEqual(input, clock.step > 50 ? 1 : 0), 'float32'), 2), 1),
      ),
  }),
  'has a schedule that is a pure function of the clock': schedule(
    ({ step }) => ({ unused: step + (asked++ % 3) }),
    true,
  ),
  'has a finite schedule, without a clock too': schedule(() => ({ unused: NaN })),
  'says truly whether it needs a clock': schedule(({ step }) => ({ unused: step })),
  'declares its parameters consistently': parameters(() => [
    { name: 'p', shape: [2, 2], initialize: () => new Float32Array(4).fill(1), deployed: true },
    { name: 'p', shape: [2, 2], initialize: () => new Float32Array(4).fill(1), deployed: true },
  ]),
  'initializes its parameters from the rng alone': parameters(() => [
    { name: 'p', shape: [1], initialize: () => new Float32Array(1).fill(draws++ % 2), deployed: true },
  ]),
};
