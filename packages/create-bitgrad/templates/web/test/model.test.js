import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadNetwork, words } from '../src/model.js';

/** A picture of 28 x 28 grey bytes, light on dark: a bar down the middle. */
const bar = {
  width: 28,
  height: 28,
  data: Uint8Array.from({ length: 784 }, (_, i) =>
    i % 28 > 12 && i % 28 < 16 && i > 112 && i < 672 ? 255 : 0,
  ),
};

test('reads a one', async () => {
  const model = await loadNetwork();
  const classes = await model.classify(bar, { top: 2 });
  assert.equal(classes[0].label, '1');
  assert.match(words(classes), /^1 \(\d+ %\), or \d$/);
  model.dispose();
});
