// A quantizer that meets every case, to be broken in one way at a time.
import {
  defineForward,
  defineQuantizer,
  defineSurrogate,
  E,
  parseOptions,
  type ForwardQuantizer,
  type Quantizer,
  type SurrogateGradient,
} from '@bitgrad/core';
import * as v from 'valibot';

const schema = v.strictObject({ clip: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0)), 1) });
const parse = (options: unknown) => parseOptions('testkit', 'the good member', schema, options);

export const goodForward = (options?: object): ForwardQuantizer =>
  defineForward({
    name: 'good',
    options: parse(options),
    alphabet: 'pm1',
    levels: [-1, 1],
    soft: false,
    formula: (x) => (x < 0 ? -1 : 1),
    expression: () => E.sign(E.input('x')),
    jumps: () => [{ at: 0, from: -1, to: 1 }],
  });

export const goodSurrogate = (options?: object): SurrogateGradient => {
  const { clip } = parse(options);
  return defineSurrogate({
    name: 'good',
    options: { clip },
    formula: (x) => (Math.abs(x) <= clip ? 1 : 0),
    expression: () => E.le(E.abs(E.input('x')), clip),
    breakpoints: () => [-clip, clip],
  });
};

export const goodQuantizer = (options?: object): Quantizer => {
  const surrogate = goodSurrogate(options);
  return defineQuantizer({
    name: 'good',
    options: surrogate.options,
    description: 'sign forward, clipped identity backward',
    forward: goodForward(),
    surrogate,
    certificate: { holds: true, reason: 'B is 1 where F jumps.' },
  });
};

/** Subject fields shared by good and broken members. */
export const tried = { options: [{ clip: 0.5 }], invalid: [{ clip: -1 }, { clip: Infinity }] };

/** A frozen copy with some members replaced. */
export const changed = <T extends object>(object: T, change: Partial<T>): T =>
  Object.freeze({ ...object, ...change });
