// One broken forward or surrogate for each case of testForward and testSurrogate.
import {
  defineForward,
  defineSurrogate,
  E,
  type ForwardQuantizer,
  type SurrogateGradient,
} from '@bitgrad/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ForwardSubject, SurrogateSubject } from '../src/index.js';
import { brokenBehaviour, brokenOptions } from './broken-members.js';
import { changed, goodForward, goodSurrogate, tried } from './good.js';

const x = E.input('x');
const sign = (v: number) => (v < 0 ? -1 : 1);
const zeroOne = (input: tf.Tensor) => tf.cast(tf.greaterEqual(input, 0), 'float32');

const forward = (change: Partial<ForwardQuantizer>): ForwardSubject => ({
  ...tried,
  create: (options) => defineForward({ ...goodForward(options), ...change }),
});

export const brokenForwards: Record<string, ForwardSubject> = {
  ...brokenOptions(goodForward),
  ...Object.fromEntries(
    Object.entries(brokenBehaviour).map(([name, make]) => {
      const spoil = make();
      return [
        name,
        forward({
          expression: undefined,
          alphabet: 'zero-one',
          levels: [0, 1],
          formula: (v) => (v < 0 ? 0 : 1),
          jumps: () => [{ at: 0, from: 0, to: 1 }],
          forward: (input) => tf.tidy(() => spoil(zeroOne(input), input)),
        }),
      ];
    }),
  ),
  'has the shape of the contract': {
    ...tried,
    create: (options) => changed(goodForward(options), { name: 'Not Kebab' }),
  },
  'F equals its formula': forward({
    expression: () => E.select(E.gt(x, 0), 1, -1),
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
  'has the levels of its alphabet': forward({ alphabet: 'zero-one' }),
  'declares the jumps of F': forward({ jumps: () => [{ at: 0, from: 0, to: 1 }] }),
  'F is a number at the infinities': forward({
    soft: true,
    formula: (v) => sign(v) + 0 * v,
    expression: () => E.add(E.sign(x), E.mul(x, 0)),
    hardFormula: sign,
    hardExpression: () => E.sign(x),
  }),
  'has a scale that is not negative and broadcasts': forward({ scale: () => tf.ones([2, 3, 1, 1, 1, 1]) }),
};

const surrogate = (change: Partial<SurrogateGradient>): SurrogateSubject => ({
  ...tried,
  create: (options) => defineSurrogate({ ...goodSurrogate(options), ...change }),
});

export const brokenSurrogates: Record<string, SurrogateSubject> = {
  ...brokenOptions(goodSurrogate),
  ...Object.fromEntries(
    Object.entries(brokenBehaviour).map(([name, make]) => {
      const spoil = make();
      return [
        name,
        surrogate({
          expression: undefined,
          formula: (v) => (v < 0 ? 0 : 1),
          derivative: (input) => tf.tidy(() => spoil(zeroOne(input), input)),
          breakpoints: () => [0],
        }),
      ];
    }),
  ),
  'has the shape of the contract': {
    ...tried,
    create: (options) => changed(goodSurrogate(options), { name: 'Not Kebab' }),
  },
  'B equals its formula': surrogate({
    formula: (v) => (Math.abs(v) < 1 ? 1 : 0),
    expression: () => E.le(E.abs(x), 1),
    breakpoints: () => [-1, 1],
  }),
  'B is the same by expression and by derivative': surrogate({ derivative: (input) => tf.onesLike(input) }),
  'B is a number at the infinities': surrogate({
    formula: (v) => 1 + 0 * v,
    expression: () => E.add(1, E.mul(x, 0)),
    breakpoints: () => [],
  }),
  'declares where B jumps': surrogate({ breakpoints: () => [] }),
};
