// The one bundler factory: every package builds through it, so swapping the bundler is one edit.
import { defineConfig } from 'tsup';

/**
 * ESM only: every supported Node (>= 20.19) can `require()` ES modules, and a second CommonJS copy of a
 * package would bring a second registry and a second layer-class map into the process.
 * @param {import('tsup').Options} [options] overrides; `entry` defaults to `src/index.ts`
 */
export const library = (options = {}) =>
  defineConfig({
    entry: ['src/index.ts'],
    format: ['esm'],
    target: 'es2022',
    platform: 'neutral',
    splitting: true,
    // The code is published as readable as its source; maps would be more than half of an installation.
    sourcemap: false,
    // Chunks of earlier builds would be published too. Declarations are another task's (build:types).
    clean: ['!**/*.d.ts'],
    dts: false,
    treeshake: true,
    ...options,
  });
