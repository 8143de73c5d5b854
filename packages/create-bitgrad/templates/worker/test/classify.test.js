import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, loadNetwork } from '../src/classify.js';

const bar = Uint8Array.from({ length: 784 }, (_, i) =>
  i % 28 > 12 && i % 28 < 16 && i > 112 && i < 672 ? 255 : 0,
);
const post = (body) => new Request('http://localhost/', { method: 'POST', body });

test('reads a one', async () => {
  const response = await answer(post(bar), await loadNetwork());
  assert.equal(response.status, 200);
  assert.equal((await response.json()).classes[0].name, '1');
});

test('says what is wrong with other requests', async () => {
  const model = await loadNetwork();
  assert.equal((await answer(post(new Uint8Array(3)), model)).status, 400);
  assert.equal((await answer(new Request('http://localhost/'), model)).status, 405);
});
