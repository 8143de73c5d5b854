// The training cases pass on a correct backend.
import '@tensorflow/tfjs-layers';
import { testTrainingBackend } from '../src/index.js';
import { plainCpu } from './plain-cpu.js';

testTrainingBackend({ create: plainCpu });
