// Functions of single elements, real-valued.
import { option } from '@bitgrad/bits';
import type { SourceOp } from '../op.js';
import { affine, elementwise } from './elementwise.js';

const full = (channels: number, value: number): number[] => Array<number>(channels).fill(value);
const bound = option.either(option.number(), option.oneOf(null));

/** Smaller and larger values become the bounds; null is none. */
export const clip: SourceOp = elementwise<{ min: number | null; max: number | null }>({
  summary: 'values between two bounds',
  attributes: { min: option.required(bound), max: option.required(bound) },
  f:
    ({ min, max }) =>
    (x) =>
      Math.min(max ?? Infinity, Math.max(min ?? -Infinity, x)),
  lowered: ({ min, max }) => [{ kind: 'clamp', min, max }],
});

/** x where x >= 0, slope * x elsewhere. */
export const prelu: SourceOp = elementwise({
  summary: 'x where x >= 0, else x times a slope',
  constants: [1, 1],
  f: () => (x, slope) => (x >= 0 ? x : x * slope!),
  lowered: (_, c, [slope]) => [{ kind: 'prelu', before: full(c, 0), slope: [...slope!], after: full(c, 0) }],
  monotone: ([slope]) => slope!.every((v) => v >= 0),
});

/** clip(slope * x + offset, 0, 1) */
export const hardSigmoid: SourceOp = elementwise<{ slope: number; offset: number }>({
  summary: 'slope * x + offset, between 0 and 1',
  attributes: { slope: option.required(option.number()), offset: option.required(option.number()) },
  f:
    ({ slope, offset }) =>
    (x) =>
      Math.min(1, Math.max(0, slope * x + offset)),
  lowered: ({ slope, offset }, c) => [
    affine(full(c, slope), full(c, offset)),
    { kind: 'clamp', min: 0, max: 1 },
  ],
});

/** 1 / (1 + exp(-x)) */
export const sigmoid: SourceOp = elementwise({
  summary: '1 / (1 + exp(-x))',
  f: () => (x) => 1 / (1 + Math.exp(-x)),
  lowered: () => [{ kind: 'unary', function: 'sigmoid' }],
});

/** Hyperbolic tangent. */
export const tanh: SourceOp = elementwise({
  summary: 'hyperbolic tangent',
  f: () => Math.tanh,
  lowered: () => [{ kind: 'unary', function: 'tanh' }],
});

/** Error function, to 1.2e-7: the expansion of erfc by Chebyshev polynomials (Numerical Recipes, 6.2). */
const erf = (x: number): number => {
  const t = 1 / (1 + Math.abs(x) / 2);
  const terms = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277]; // prettier-ignore
  const y = t * Math.exp(terms.reduceRight((sum, c) => c + t * sum, 0) - x * x);
  return x >= 0 ? 1 - y : y - 1;
};

/** x times the share of a normal distribution below x. */
export const gelu: SourceOp = elementwise({
  summary: 'x * (1 + erf(x / sqrt 2)) / 2',
  f: () => (x) => (x * (1 + erf(x * Math.SQRT1_2))) / 2,
  lowered: () => [{ kind: 'unary', function: 'gelu' }],
  monotone: () => false,
});

/** The value itself: what does nothing in inference. */
export const identity: SourceOp = elementwise({
  summary: 'the value itself',
  f: () => (x) => x,
  lowered: () => [],
});
