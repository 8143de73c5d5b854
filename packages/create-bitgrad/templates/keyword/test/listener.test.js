import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createListener, loadNetwork, sampleRate } from '../src/listener.js';

/** Samples in pieces of 128, as a worklet gives them. */
async function words(sample, seconds) {
  const model = await loadNetwork();
  const rate = sampleRate(model);
  const hear = createListener(model);
  const heard = [];
  for (let at = 0; at < seconds * rate; at += 128) {
    const word = await hear(Float32Array.from({ length: 128 }, (_, i) => sample((at + i) / rate)));
    if (word !== undefined) heard.push(word);
  }
  model.dispose();
  return heard;
}

test('hears nothing in silence', async () => {
  assert.deepEqual(await words(() => 0, 3), []);
});

test('hears nothing in a hum', async () => {
  assert.deepEqual(await words((t) => 0.2 * Math.sin(2 * Math.PI * 50 * t), 3), []);
});
