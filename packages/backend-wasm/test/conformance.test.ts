// The conformance suite of training backends, on one thread and on two.
import '@tensorflow/tfjs-layers'; // registers the gradients
import { testTrainingBackend } from '@bitgrad/testkit';
import { wasm } from '../src/index.js';

testTrainingBackend({ create: () => wasm({ threads: 1 }) });
testTrainingBackend({ create: () => wasm({ threads: 2 }) });
