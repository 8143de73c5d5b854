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

/** The value itself: what does nothing in inference. */
export const identity: SourceOp = elementwise({
  summary: 'the value itself',
  f: () => (x) => x,
  lowered: () => [],
});
