import { availableParallelism } from 'node:os';
import LongFirst from '@bitgrad/tooling/long-first';
import { projects } from '@bitgrad/tooling/vitest';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Two more than cores: a third of a file's time is waiting, for browsers, processes that start, and timers.
    maxWorkers: availableParallelism() + 2,
    projects: await projects(),
    sequence: { sequencer: LongFirst },
    reporters: ['default', '@bitgrad/tooling/count-reporter'],
  },
});
