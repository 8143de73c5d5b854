// The examples of every README run: each ```js block is an ES module that must end well and print something.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { workspacePackages } from '../workspace.mjs';
import { blocksOf, importsOf, installedBy, runExample } from './readmes.js';

describe.each(workspacePackages('packages').filter(({ path }) => existsSync(`${path}README.md`)))(
  '$folder',
  ({ path }) => {
    const text = readFileSync(`${path}README.md`, 'utf8');
    const blocks = blocksOf(text, 'js');

    it('has an example', () => expect(blocks.length).toBeGreaterThan(0));

    it('tells to install all that its examples import', () => {
      const installed = installedBy(text);
      expect(blocks.flatMap(importsOf).filter((name) => !installed.includes(name))).toEqual([]);
    });

    it.each(blocks.map((code, i) => ({ code, i })))('example $i runs', async ({ code, i }) => {
      const stdout = await runExample(code, `${path}.cache/readme`, `example-${i}`, path);
      expect(stdout.trim()).not.toBe('');
    });
  },
);
