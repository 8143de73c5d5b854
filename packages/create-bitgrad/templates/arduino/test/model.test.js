import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { recipe, writeModel } from '../model.js';

test('a short run becomes C that the sketch can use', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-'));
  const short = { ...recipe, limit: 1000, testLimit: 200, epochs: 2 };
  const { testAccuracy, files } = await writeModel(short, folder);
  assert.ok(testAccuracy > 0.3, `accuracy ${testAccuracy}, by chance 0.1`);
  assert.deepEqual(files.sort(), ['model.c', 'model.h']);
  const header = readFileSync(join(folder, 'model.h'), 'utf8');
  const sketch = readFileSync(new URL('../sketch/sketch.ino', import.meta.url), 'utf8');
  for (const [name] of sketch.matchAll(/MODEL_\w+|model_run/g)) assert.ok(header.includes(name), name);
  assert.match(header, /model_run\(const uint8_t \*\w*, float \*\w*\)/);
  rmSync(folder, { recursive: true });
});
