// The training suite on Dawn.
import '@tensorflow/tfjs-layers'; // registers the gradients
import { testTrainingBackend } from '@bitgrad/testkit';
import { nodeGpu } from '../src/index.js';
import { missingDawn } from './support/dawn.js';

await missingDawn();
// WGSL lets sin and cos err by 2^-11.
testTrainingBackend({ create: () => nodeGpu({ allowSoftware: true }), tolerance: 5e-4 });
