import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { testQuantizer, testSurrogate } from '@bitgrad/testkit';
import { hill, mine } from '../src/index.js';

testQuantizer({
  create: mine,
  options: [{ width: 2 }],
  expected: { levels: [-1, 1], points: [[0.5, 1, 0.5625]] }, // at 0.5: F is 1, B is (1 - 1/4)^2
});
testSurrogate({ create: hill, options: [{ width: 2 }] });
