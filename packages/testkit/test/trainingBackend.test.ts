// The training cases on tfjs's cpu backend, with nothing registered.
import '@tensorflow/tfjs-layers';
import { testTrainingBackend } from '../src/index.js';
import { plainCpu } from './plainCpu.js';

testTrainingBackend({ create: plainCpu });
