// Two halves for tests of the plumbing; the published ones are in the quantizer packages.
import { defineForward, defineSurrogate, E } from '../src/index.js';

export const binarySignFixture = defineForward({
  name: 'sign',
  options: {},
  alphabet: 'pm1',
  levels: [-1, 1],
  soft: false,
  formula: (x) => (x < 0 ? -1 : 1),
  expression: () => E.sign(E.input('x')),
});

export const clippedFixture = defineSurrogate({
  name: 'clipped',
  options: {},
  formula: (x) => (Math.abs(x) <= 1 ? 1 : 0),
  expression: () => E.le(E.abs(E.input('x')), 1),
});
