// The one vitest factory. Tests resolve `@bitgrad/*` to `src` by the source condition: no build is needed.
import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import { fileURLToPath } from 'node:url';

const conditions = ['@bitgrad/source', ...defaultServerConditions];

/** @param {string} name package folder name; @param {import('vitest/config').ViteUserConfig['test']} [test] */
export const project = (name, test = {}) =>
  defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name,
      include: ['test/**/*.test.ts'],
      testTimeout: 60_000,
      hookTimeout: 60_000,
      setupFiles: [fileURLToPath(new URL('./fail-on-console.mjs', import.meta.url))],
      ...test,
    },
  });
