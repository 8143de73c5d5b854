// Every quantizer passes the kit; what the papers say about single points is given here, apart from the code.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { testQuantizer } from '@bitgrad/testkit';
import * as member from '../src/index.js';

const pm1 = [-1, 1];

testQuantizer({
  create: member.ste,
  options: [{ clip: 0.5 }, { clip: 1.3 }, { scale: 'layer' }, { scale: 'channel', scaledGradient: false }],
  invalid: [{ clip: 0 }, { clip: -1 }, { clip: Infinity }, { clip: NaN }, { scale: 'row' }],
  expected: {
    certificate: true,
    levels: pm1,
    points: [
      [0, 1, 1],
      [-0, 1, 1],
      [1, 1, 1],
      [-1, -1, 1],
      [1.001, 1, 0],
    ],
  },
});

testQuantizer({
  create: member.steIdentity,
  expected: { certificate: true, levels: pm1, points: [[-9, -1, 1]] },
});

testQuantizer({
  create: member.approxSign,
  expected: {
    certificate: false,
    points: [
      [0, 1, 2],
      [-0.25, -1, 1.5],
      [1, 1, 0],
    ],
  },
});

testQuantizer({ create: member.bireal, expected: { certificate: false, points: [[0.5, 1, 1]] } });

testQuantizer({
  create: member.signSwish,
  options: [{ steepness: 1 }, { steepness: 40 }],
  invalid: [{ steepness: 0 }, { steepness: '5' }],
  // B(0) = b; at b x = 5 the slope is negative: 5 (2 - 5 tanh 2.5) / (1 + cosh 5).
  expected: {
    certificate: false,
    points: [
      [0, 1, 5],
      [1, 1, (5 * (2 - 5 * 0.9866142981514303)) / (1 + 74.20994852478785)],
    ],
  },
});

testQuantizer({
  create: member.tanh,
  options: [{ steepness: 3 }],
  invalid: [{ steepness: -1 }],
  expected: { certificate: false, points: [[1, 1, 0.41997434161402614]] },
});

testQuantizer({
  create: member.ede,
  options: [{ start: 0.5, end: 20 }],
  invalid: [{ start: 0 }, { end: -1 }],
  // At the start t = 0.1 and k = 10.
  expected: {
    certificate: false,
    points: [
      [0, 1, 1],
      [1, 1, 1 - Math.tanh(0.1) ** 2],
    ],
  },
});

testQuantizer({
  create: member.libra,
  options: [{ powerOfTwoScale: true }, { start: 1, end: 2 }],
  invalid: [{ powerOfTwoScale: 1 }, { start: 0 }],
  expected: { certificate: false, levels: pm1 },
});

testQuantizer({
  create: member.reste,
  options: [{ end: 5, t: 1, m: 0.05 }],
  invalid: [{ end: 0.5 }, { t: 0.1, m: 0.1 }, { m: 0 }],
  // o = 1 at the start: the identity up to t.
  expected: {
    certificate: false,
    points: [
      [1.5, 1, 1],
      [1.51, 1, 0],
      [0.01, 1, 1],
    ],
  },
});

testQuantizer({
  create: member.poly,
  options: [{ order: 2 }, { order: 3, width: 0.5 }, { order: 8, width: 2 }],
  invalid: [{ order: 0 }, { order: 1.5 }, { order: 9 }, { width: 0 }],
  expected: {
    certificate: false,
    points: [
      [0, 1, 1.5],
      [0.5, 1, 1.125],
      [1, 1, 0],
    ],
  },
});

testQuantizer({
  create: member.triangle,
  options: [{ width: 2, height: 0.5 }],
  invalid: [{ width: 0 }, { height: -1 }],
  expected: {
    certificate: false,
    points: [
      [0, 1, 1],
      [-0.75, -1, 0.25],
      [1, 1, 0],
    ],
  },
});

testQuantizer({
  create: member.heaviside,
  options: [{ clip: 2 }],
  invalid: [{ clip: 0 }],
  expected: {
    certificate: true,
    levels: [0, 1],
    points: [
      [-0, 1, 1],
      [-1e-30, 0, 1],
      [-1.5, 0, 0],
    ],
  },
});

testQuantizer({ create: member.xnor, expected: { certificate: false, levels: pm1, points: [[1, 1, 1]] } });

testQuantizer({
  create: member.ternary,
  options: [{ threshold: 0.5, scaled: false }, { threshold: 3 }],
  invalid: [{ threshold: 0 }, { scaled: 'yes' }],
  expected: {
    certificate: true,
    levels: [-1, 0, 1],
    points: [
      [0.7, 0, 1],
      [0.71, 1, 1],
      [-0.7, 0, 1],
      [-2, -1, 1],
    ],
  },
});

testQuantizer({
  create: member.dorefa,
  options: [
    { bits: 1 },
    { bits: 3, target: 'weights' },
    { bits: 1, target: 'weights' },
    { bits: 8 },
    { bits: 5, target: 'weights' },
  ],
  invalid: [{ bits: 0 }, { bits: 9 }, { bits: 2.5 }, { target: 'biases' }],
  expected: {
    certificate: true,
    levels: [0, 1 / 3, 2 / 3, 1],
    points: [
      [0.5, 2 / 3, 1],
      [-1, 0, 0],
      [0.1, 0, 1],
      [7, 1, 0],
    ],
  },
});

testQuantizer({
  create: member.rsign,
  options: [{ initial: 0.25 }],
  invalid: [{ initial: Infinity }],
  expected: { certificate: false, levels: pm1, points: [[0.5, 1, 1]] },
});
