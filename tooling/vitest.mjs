// The one vitest factory. Tests resolve `@bitgrad/*` to `src` by the source condition: no build is needed.
import { defaultServerConditions, loadConfigFromFile } from 'vite';
import { defineConfig } from 'vitest/config';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { long as longRun } from './endurance.mjs';
import { root, workspacePackages } from './workspace.mjs';

const conditions = ['@bitgrad/source', ...defaultServerConditions];

const commands = new Set(['run', 'watch', 'dev', 'list', 'bench', 'related']);
const words = process.argv.slice(2).filter((word) => !commands.has(word));
/** Files named on the command line run however long they take; what stands behind an option may be one too. */
const named = words.filter((word) => !word.startsWith('-')).map((word) => basename(word));
/** Whether no file is named for certain: a word behind an option may be the option's. */
const whole = words.every((word, i) => word.startsWith('-') || /^-[^=]*$/.test(words[i - 1] ?? ''));

/**
 * @param {string} name package folder name
 * @param {import('vitest/config').ViteUserConfig['test'] & { long?: string[]; longSetup?: string[]; slow?: string[]; together?: string }} [test]
 *   `long`: files that install packages, drive browsers or train for minutes; `.ci/run` runs them, `npm test` names them as
 *   skipped; `longSetup`: Vitest's globalSetup, where one of them runs; `slow`: files of half a minute, which begin before others;
 *   `together`: a name that packages share whose tests leave nothing in a process by which those of another could fail
 */
export const project = (
  name,
  { long = [], longSetup = [], slow = [], together, exclude = [], ...test } = {},
) => {
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
      // For long-first.mjs, and below.
      provide: { long, slow, together },
      // Files of a project share processes and what these have loaded: half of a second each. What a file registers or sets
      // stays for the next, so that none may count on what is not there.
      isolate: false,
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // By default a second, which a page on a busy machine takes for anything.
      expect: { poll: { timeout: 60_000 } },
      globalSetup: left.length < long.length ? longSetup : [],
      setupFiles: [fileURLToPath(new URL('./fail-on-console.mjs', import.meta.url))],
      ...test,
    },
  });
};

const configured = workspacePackages()
  .map(({ folder }) => folder)
  .concat('tooling')
  .filter((folder) => existsSync(`${root}${folder}/vitest.config.ts`));

/**
 * All projects, for a run from the root. Packages that are `together` are one: they share processes, and what these have loaded and
 * compiled, which is a second for each process of each of them.
 */
export const projects = async () => {
  const alone = [];
  const together = new Map();
  for (const folder of configured) {
    const file = `${root}${folder}/vitest.config.ts`;
    const { config: own } = await loadConfigFromFile({ command: 'serve', mode: 'test' }, file);
    // Whole paths: who reads the root's configuration alone (knip) takes others from there.
    const globalSetup = own.test.globalSetup.map((path) => `${root}${folder}/${path}`);
    const config = { ...own, test: { ...own.test, globalSetup } };
    const name = config.test.provide.together;
    if (name) together.set(name, [...(together.get(name) ?? []), { folder, config }]);
    else alone.push({ ...config, root: `${root}${folder}` });
  }
  const merged = [...together].map(([name, members]) => {
    const paths = (of) =>
      members.flatMap(({ folder, config }) => of(config.test).map((path) => `${folder}/${path}`));
    const [{ config }] = members;
    const provide = { long: paths((test) => test.provide.long), slow: paths((test) => test.provide.slow) };
    const files = { include: paths((test) => test.include), exclude: paths((test) => test.exclude) };
    const globalSetup = members.flatMap((member) => member.config.test.globalSetup);
    return { ...config, root, test: { ...config.test, name, provide, globalSetup, ...files } };
  });
  return [...alone, ...merged];
};
