// The files that the page ships with: the packed network reads the digits it was not trained on, on both CPU engines.
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { digitsSplit } from '@bitgrad/datasets';
import { jsEngine, loadModel } from '@bitgrad/runtime';

const file = (name: string): URL => new URL(`../public/${name}`, import.meta.url);

describe('the shipped network', () => {
  it('is small, and reads more than 99 % of procedural digits', async () => {
    const bytes = readFileSync(file('digits.bitgrad'));
    expect(bytes.length).toBeLessThan(20_000);
    expect(statSync(file('digits-float.bin')).size).toBeGreaterThan(20 * bytes.length);
    const test = digitsSplit({ seed: 77, split: 'test', size: 1000 });
    const [js, wasm] = await Promise.all([
      loadModel(bytes, { engine: jsEngine() }),
      loadModel(bytes, { engine: wasmEngine() }),
    ]);
    const logits = await wasm.predict(test.images);
    const right = Array.from(test.labels).filter((label, i) => {
      const row = Array.from(logits.subarray(10 * i, 10 * i + 10));
      return row.indexOf(Math.max(...row)) === label;
    }).length;
    expect(right).toBeGreaterThan(990);
    const few = test.images.slice(0, 50 * 784);
    expect(await js.predict(few)).toEqual(await wasm.predict(few));
    js.dispose();
    wasm.dispose();
  });
});
