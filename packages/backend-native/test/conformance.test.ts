// The conformance suite of training backends: every instruction set, and two threads.
import '@tensorflow/tfjs-layers'; // registers the gradients
import { testTrainingBackend } from '@bitgrad/testkit';
import { describe } from 'vitest';
import { native } from '../src/index.js';
import { reasonToSkip, sets } from './support/addon.js';

describe.skipIf(reasonToSkip())('native', () => {
  for (const isa of sets())
    describe(isa, () => testTrainingBackend({ create: () => native({ isa, threads: 1 }) }));
  describe('two threads', () => testTrainingBackend({ create: () => native({ threads: 2 }) }));
});
