// BinaryConnect, BNN and BNN+: sign forward with an identity, a clipped and a SignSwish backward.
import {
  defineQuantizer,
  defineSignForward,
  defineSurrogate,
  E,
  parseOptions,
  told,
  type ForwardQuantizer,
  type Quantizer,
  type SurrogateGradient,
} from '@bitgrad/core';
import * as v from 'valibot';
import { signSwish } from '../math/curves.js';

/** Options of members that have none. */
export type NoOptions = Record<string, never>;

const none = v.strictObject({});

/** F(x) = sign(x) with sign(0) = sign(-0) = +1. */
export const hardSignForward = (options: NoOptions = {}): ForwardQuantizer =>
  defineSignForward({
    name: 'hard-sign',
    options: parseOptions('quantizer-proxconnect', 'forward "hard-sign"', none, options),
  });

/** B(x) = 1. */
export function latentPassSurrogate(options: NoOptions = {}): SurrogateGradient {
  return defineSurrogate({
    name: 'latent-pass',
    options: parseOptions('quantizer-proxconnect', 'surrogate "latent-pass"', none, options),
    formula: () => 1,
    expression: () => E.constant(1),
  });
}

/** Options of {@link boxPassSurrogate} and `bnn`. */
export interface BnnOptions {
  /** Half the width of the window in which the gradient passes, above 0. Default 1. */
  readonly clip?: number;
}

const bnnSchema = v.strictObject({
  clip: told(
    v.pipe(v.number(), v.finite(), v.gtValue(0)),
    1,
    'half width of the box in which the gradient passes',
  ),
});

/** B(x) = 1 for |x| <= clip, else 0 (arXiv 1602.02830). */
export function boxPassSurrogate(options: BnnOptions = {}): SurrogateGradient {
  const resolved = parseOptions('quantizer-proxconnect', 'surrogate "box-pass"', bnnSchema, options);
  const { clip } = resolved;
  return defineSurrogate({
    name: 'box-pass',
    options: resolved,
    formula: (x) => (Math.abs(x) <= clip ? 1 : 0),
    expression: () => E.le(E.abs(E.input('x')), clip),
    breakpoints: () => [-clip, clip],
  });
}

/** Options of {@link signSwishPassSurrogate} and `bnn+`. */
export interface BnnPlusOptions {
  /** Steepness b of SS(b x), above 0. Default 5 (arXiv 1812.11800). */
  readonly beta?: number;
}

const bnnPlusSchema = v.strictObject({
  beta: told(v.pipe(v.number(), v.finite(), v.gtValue(0)), 5, 'larger is closer to sign'),
});

/** B(x) = SS'(x) = b (2 - b x tanh(b x / 2)) / (1 + cosh(b x)) (arXiv 1812.11800). */
export function signSwishPassSurrogate(options: BnnPlusOptions = {}): SurrogateGradient {
  const resolved = parseOptions(
    'quantizer-proxconnect',
    'surrogate "sign-swish-pass"',
    bnnPlusSchema,
    options,
  );
  const { beta } = resolved;
  return defineSurrogate({
    name: 'sign-swish-pass',
    options: resolved,
    formula: (x) => beta * signSwish.slope(beta * x),
    expression: () => E.mul(beta, signSwish.slopeExpression(E.mul(beta, E.input('x')))),
  });
}

/** BinaryConnect: F = sign, B = 1 (arXiv 1511.00363). Sound: P = sign, T = identity. */
export function bc(options: NoOptions = {}): Quantizer {
  return defineQuantizer({
    name: 'bc',
    options: parseOptions('quantizer-proxconnect', 'quantizer "bc"', none, options),
    description: 'BinaryConnect: sign forward, identity backward (arXiv 1511.00363)',
    forward: hardSignForward(),
    surrogate: latentPassSurrogate(),
    certificate: { holds: true, reason: 'P = sign, T = identity.' },
  });
}

/** BNN, the clipped straight-through estimator: F = sign, B = 1 on [-clip, clip] (arXiv 1602.02830). Sound. */
export function bnn(options: BnnOptions = {}): Quantizer {
  const resolved = parseOptions('quantizer-proxconnect', 'quantizer "bnn"', bnnSchema, options);
  return defineQuantizer({
    name: 'bnn',
    options: resolved,
    description: 'BNN: sign forward, clipped identity backward (arXiv 1602.02830)',
    forward: hardSignForward(),
    surrogate: boxPassSurrogate(resolved),
    certificate: { holds: true, reason: 'P = sign in the window and the identity beyond, T = clip.' },
  });
}

/** BNN+: F = sign, B = SS' (arXiv 1812.11800). Not sound: F is flat where B varies. */
export function bnnPlus(options: BnnPlusOptions = {}): Quantizer {
  const resolved = parseOptions('quantizer-proxconnect', 'quantizer "bnn+"', bnnPlusSchema, options);
  return defineQuantizer({
    name: 'bnn+',
    options: resolved,
    description: 'BNN+: sign forward, SignSwish derivative backward (arXiv 1812.11800)',
    forward: hardSignForward(),
    surrogate: signSwishPassSurrogate(resolved),
    certificate: { holds: false, reason: "Condition 3: sign is constant where SS' varies." },
  });
}
