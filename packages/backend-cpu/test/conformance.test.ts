// The conformance suite of training backends.
import '@tensorflow/tfjs-layers'; // registers the gradients
import { testTrainingBackend } from '@bitgrad/testkit';
import { cpu } from '../src/index.js';

testTrainingBackend({ create: cpu });
