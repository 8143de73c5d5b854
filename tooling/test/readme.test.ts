// The examples of every README run: each ```js block is an ES module that must end well and print something.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { workspacePackages } from '../workspace.mjs';
import { importsOf, installedBy } from './readmes.js';

const run = promisify(execFile);
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

describe.each(workspacePackages('packages').filter(({ path }) => existsSync(`${path}README.md`)))(
  '$folder',
  ({ path }) => {
    const text = readFileSync(`${path}README.md`, 'utf8');
    const blocks = [...text.matchAll(/^```js\n([\s\S]*?)^```/gm)].map((match) => match[1]!);

    it('has an example', () => expect(blocks.length).toBeGreaterThan(0));

    it('tells to install all that its examples import', () => {
      const installed = installedBy(text);
      expect(blocks.flatMap(importsOf).filter((name) => !installed.includes(name))).toEqual([]);
    });

    it.each(blocks.map((code, i) => ({ code, i })))('example $i runs', async ({ code, i }) => {
      // Inside the package but outside of node_modules: only there does its own name resolve, as for a user.
      const folder = `${path}.cache/readme`;
      mkdirSync(folder, { recursive: true });
      const file = `${folder}/example-${i}.mjs`;
      writeFileSync(file, code);
      const { stdout } = await run(
        process.execPath,
        ['--conditions=@bitgrad/source', `--import=${tsx}`, file],
        { cwd: path, timeout: 60_000 },
      );
      expect(stdout.trim()).not.toBe('');
      rmSync(file);
    });
  },
);
