// Every member of the package against the kit that any quantizer has to pass.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { testForward, testQuantizer, testSurrogate } from '@bitgrad/testkit';
import type { Scalars } from '@bitgrad/core';
import {
  bc,
  bnn,
  bnnPlus,
  bnnPlusPlus,
  boxPassSurrogate,
  edePlusPlus,
  hardSignForward,
  latentPassSurrogate,
  levelPassSurrogate,
  pc,
  piecewiseLinearForward,
  pulledForward,
  polyPlusPlus,
  pq,
  rpc,
  signSwishPassSurrogate,
  softSignForward,
  softSignSlopeSurrogate,
  tanhPlusPlus,
} from '../src/index.js';

const mu = { growth: 'linear', muStart: 0.2, muEnd: 0.9, muUntil: 0.5 };
const levels = [
  { levels: 'ternary', ...mu },
  { levels: [-1, -0.25, 0.5, 1], rho: 0.5, varrho: 0.25, kernelUnit: 'fan', inputScale: 2 },
  { growth: 'learning-rate-sum', muStart: 0.1, backward: 'clipped' },
  { backward: 'identity', kernelUnit: 'one' },
];
const invalid = [
  { muUntil: 0 },
  { levels: [1, 0] },
  { rho: -1 },
  { kernelScale: 0 },
  { muStart: -1 },
  { growth: 'learning-rate-sum' },
];
testQuantizer({ create: pc, options: levels, invalid, expected: { certificate: true, levels: [-1, 1] } });
testQuantizer({ create: rpc, invalid: [{ pull: -1 }] });
testQuantizer({ create: pq, options: [{ levels: 'ternary', pull: 40, ...mu }] });
testQuantizer({
  create: bc,
  expected: {
    certificate: true,
    points: [
      [-2, -1, 1],
      [-0, 1, 1],
      [0, 1, 1],
      [5, 1, 1],
    ],
  },
});
testQuantizer({
  create: bnn,
  options: [{ clip: 0.5 }],
  invalid: [{ clip: 0 }, { clip: Infinity }],
  expected: {
    certificate: true,
    points: [
      [-1, -1, 1],
      [1.0001, 1, 0],
      [0.5, 1, 1],
    ],
  },
});
testQuantizer({
  create: bnnPlus,
  options: [{ beta: 2 }],
  invalid: [{ beta: 0 }],
  expected: { certificate: false, points: [[0, 1, 5]] },
});

const soft = [
  { muStart: 0.5, muEnd: 0.5, growth: 'linear' },
  { hardenFrom: 0.2, hardenUntil: 0.6, kernelUnit: 'fan' },
  { box: false, muStart: 1, muEnd: 10 },
  { box: false, growth: 'learning-rate-sum', muStart: 1, kernelUnit: 'one' },
];
const invalidSoft = [
  { growth: 'learning-rate-sum' },
  { muEnd: 50 },
  { muStart: 0 },
  { hardenFrom: 0.5, hardenUntil: 0.2 },
  { box: false, hardenFrom: 0.1 },
];
// The four differ in their curve only, which the halves below try in every form.
testQuantizer({
  create: bnnPlusPlus,
  options: soft,
  invalid: invalidSoft,
  expected: { certificate: true },
});
for (const create of [edePlusPlus, tanhPlusPlus, polyPlusPlus])
  testQuantizer({ create, invalid: [{ muEnd: 50 }], expected: { certificate: true } });

const shifts = [{ mu: 0 }, { mu: 0.4 }, { mu: 1 }, { mu: 3 }];
testForward({ create: hardSignForward });
testForward({
  create: piecewiseLinearForward,
  options: [{ levels: 'ternary' }, { levels: [0, 1] }, { levels: [-1, 0.2, 1], varrho: 0.1 }],
  scalars: shifts,
});
testForward({
  create: pulledForward,
  options: [{ levels: 'ternary' }, { kernels: 'latent' }],
  scalars: [{}, { mu: 0.4, pull: 0.1 }, { mu: 1, pull: 2 }],
});
const curve = ['sign-swish', 'tanh', 'ede', 'quadratic'];
const halves = [
  ...curve.map((name) => ({ curve: name })),
  ...curve.map((name) => ({ curve: name, box: false })),
];
const softScalars: Scalars[] = [{}, { mu: 0.5 }, { mu: 0.8, rho: 0.3 }, { mu: 0.8, rho: 1 }];
testForward({ create: softSignForward, options: halves, scalars: softScalars });

testSurrogate({ create: latentPassSurrogate });
testSurrogate({ create: boxPassSurrogate, options: [{ clip: 0.3 }], invalid: [{ clip: -1 }] });
testSurrogate({ create: signSwishPassSurrogate, options: [{ beta: 1 }] });
testSurrogate({
  create: levelPassSurrogate,
  options: [{ backward: 'clipped' }, { backward: 'identity' }, { levels: 'ternary', backward: 'clipped' }],
});
testSurrogate({ create: softSignSlopeSurrogate, options: halves, scalars: softScalars });
