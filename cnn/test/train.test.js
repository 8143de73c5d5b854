import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadModel } from 'bitgrad';
import { recipe } from '../recipe.js';
import { train } from '../train.js';

test('a short run learns something, and its file loads', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-'));
  const file = join(folder, 'model.bitgrad');
  const short = { ...recipe, model: 'tfc', limit: 1000, testLimit: 200, epochs: 2 };
  const accuracy = await train(short, file, () => {});
  assert.ok(accuracy > 0.3, `accuracy ${accuracy}, by chance 0.1`);
  const model = await loadModel(file);
  assert.equal((await model.classify({ width: 28, height: 28, data: new Uint8Array(784) })).length, 10);
  model.dispose();
  rmSync(folder, { recursive: true });
});
