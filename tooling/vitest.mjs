// The one vitest factory. Tests resolve `@bitgrad/*` to `src` by the source condition: no build is needed.
import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { long as longRun } from './endurance.mjs';

const conditions = ['@bitgrad/source', ...defaultServerConditions];

const commands = new Set(['run', 'watch', 'dev', 'list', 'bench', 'related']);
const words = process.argv.slice(2).filter((word) => !commands.has(word));
/** Files named on the command line run however long they take; what stands behind an option may be one too. */
const named = words.filter((word) => !word.startsWith('-')).map((word) => basename(word));
/** Whether no file is named for certain: a word behind an option may be the option's. */
const whole = words.every((word, i) => word.startsWith('-') || /^-[^=]*$/.test(words[i - 1] ?? ''));

/**
 * @param {string} name package folder name
 * @param {import('vitest/config').ViteUserConfig['test'] & { long?: string[]; longSetup?: string[]; slow?: string[] }} [test]
 *   `long`: files that install packages, drive browsers or train for minutes; `.ci/run` runs them, `npm test` names them as
 *   skipped; `longSetup`: Vitest's globalSetup, where one of them runs; `slow`: files of half a minute, which begin before others
 */
export const project = (name, { long = [], longSetup = [], slow = [], exclude = [], ...test } = {}) => {
  const unnamed = long.filter((file) => !named.some((word) => file.includes(word)));
  const left = longRun ? [] : unnamed;
  // For the reporter, which is in this process. Of a run of some files it need not say what else there is.
  if (whole) {
    const before = process.env.BITGRAD_LONG?.split(',') ?? [];
    const all = new Set([...before, ...left.map((file) => `[${name}] ${file}`)].filter(Boolean));
    process.env.BITGRAD_LONG = [...all].join();
  }
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name,
      include: ['test/**/*.test.ts'],
      exclude: [...exclude, ...left],
      // For long-first.mjs.
      provide: { long, slow },
      // Files of a project share processes and what these have loaded: half of a second each. What a file registers or sets
      // stays for the next, so that none may count on what is not there.
      isolate: false,
      testTimeout: 60_000,
      hookTimeout: 60_000,
      globalSetup: left.length < long.length ? longSetup : [],
      setupFiles: [fileURLToPath(new URL('./fail-on-console.mjs', import.meta.url))],
      ...test,
    },
  });
};
