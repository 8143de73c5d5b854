// The engine suite of the testkit, with every instruction set that runs here, and on two threads, on memory full of noise.
import type { Engine } from '@bitgrad/runtime';
import { testEngine } from '@bitgrad/testkit';
import type { Effort } from '@bitgrad/testkit/engine';
import { amount } from '@bitgrad/tooling/endurance';
import { describe } from 'vitest';
import { nativeEngine } from '../../src/engine/index.js';
import { missing, sets } from '../support/addon.js';

const effort = amount<Effort>({ test: 'brief', ci: 'normal' });

for (const isa of sets())
  describe(isa, () => testEngine({ name: 'native', effort, create: () => nativeEngine({ isa }), missing }));

const onTwoThreads = (): Engine => {
  const engine = nativeEngine();
  return { ...engine, compile: (model, options) => engine.compile(model, { ...options, threads: 2 }) };
};
describe('two threads', () => testEngine({ name: 'native', effort, create: onTwoThreads, missing }));
