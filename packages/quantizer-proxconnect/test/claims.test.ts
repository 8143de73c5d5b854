// What quantizers claim of themselves is what certify finds, with options and in both roles.
import { createRegistry, type Scalars } from '@bitgrad/core';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { describe, expect, it } from 'vitest';
import { certify } from '@bitgrad/certificate';
import { proxConnectPlugin } from '../src/index.js';

const registry = createRegistry([proxConnectPlugin, stePlugin]);
const levels = [
  {},
  { levels: 'ternary' },
  { backward: 'clipped' },
  { levels: [-1, -0.25, 0.5, 1], rho: 0.5, varrho: 0.25 },
  { growth: 'learning-rate-sum', muStart: 0.1, backward: 'identity' },
];
const soft = [
  {},
  { box: false },
  { muStart: 0.5, muEnd: 0.5, growth: 'linear' },
  { hardenFrom: 0.2, hardenUntil: 0.6 },
];
const cases: Record<string, object[]> = {
  pc: levels,
  rpc: levels,
  pq: levels,
  bc: [{}],
  bnn: [{}, { clip: 0.5 }],
  'bnn+': [{}],
  'bnn++': soft,
  'ede++': soft,
  'tanh++': soft,
  'poly++': soft,
  ste: [{}, { clip: 0.3 }],
  'ste-identity': [{}],
  heaviside: [{ clip: 2 }],
  ternary: [{}, { scaled: false, threshold: 0.2 }],
  dorefa: [1, 2, 8].flatMap((bits) => [{ bits }, { bits, target: 'weights' }]),
  reste: [{}, { end: 1 }],
  bireal: [{}],
  xnor: [{}],
  rsign: [{}],
  poly: [{}, { order: 3 }],
};

describe.each(Object.entries(cases))('%s', (name, options) => {
  it.each(options)('%j', (given) => {
    const quantizer = registry.quantizer(name, given);
    // Statistics at their defaults, and those of inputs; a claim is of both roles.
    const roles: Scalars[] = [{}, { unbounded: 0, latent: 0 }];
    const found = roles.map((statistics) => certify(quantizer, { statistics }).holds);
    expect(quantizer.certificate!.holds).toBe(found.every(Boolean));
  });
});
