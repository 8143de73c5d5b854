// The published suite of training backends: every operation that training needs, against float64 loops.
import '@tensorflow/tfjs-layers';
import { testTrainingBackend } from '@bitgrad/testkit';
import { wasm } from '../src/index.js';

testTrainingBackend({ create: () => wasm() });
