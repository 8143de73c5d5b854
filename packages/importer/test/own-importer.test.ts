// CONTRIBUTING.md, "An importer": a format and an op from a plugin.
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { definePlugin, use } from '@bitgrad/core';
import { importModel, listImporters, type ImporterDefinition } from '../src/index.js';
import { run } from './support.js';

const guide = join(fileURLToPath(new URL('.', import.meta.url)), '../../../CONTRIBUTING.md');
const text = readFileSync(guide, 'utf8');
const section = text.slice(text.indexOf('## An importer'));
const code = /```js\n([\s\S]*?)```/.exec(section)![1]!;

it('reads, packs and verifies as the guide says', async () => {
  const folder = mkdtempSync(join(fileURLToPath(new URL('.', import.meta.url)), 'own-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'csv.mjs'), code);
  const { csv } = (await import(pathToFileURL(join(folder, 'csv.mjs')).href)) as { csv: ImporterDefinition };
  use(definePlugin({ name: 'my-formats', version: '1.0.0', importers: { csv } }));
  expect(listImporters().map(({ name }) => name)).toContain('csv');
  const bytes = new TextEncoder().encode('1,-1\n0.5,1\n-1,-1\n');
  const { model, format } = await importModel([{ name: 'table.csv', bytes }]);
  expect(format).toBe('csv');
  expect(Array.from(await run(model, Float32Array.of(1, 2, 3)))).toEqual([1 + 1 - 3 + 1, -1 + 2 - 3 + 1]);
});

it('is an error with what is known where no importer knows the files', async () => {
  const files = [{ name: 'model.bin', bytes: new Uint8Array(4) }];
  await expect(importModel(files)).rejects.toThrow(
    /format of the files: got \["model.bin"\], expected .*onnx: /,
  );
  await expect(importModel(files, { format: 'onx' })).rejects.toThrow(/importer.*Did you mean "onnx"/);
});
