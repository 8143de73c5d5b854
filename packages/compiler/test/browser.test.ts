// A compiled file in Chromium, loaded by URL through the runtime: the same bits as in Node, in pages with and without
// cross-origin isolation and in workers, and flat memory. BITGRAD_REQUIRE=chromium makes a missing browser a failure.
import '@tensorflow/tfjs-backend-cpu';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { use } from '@bitgrad/core';
import { createModel } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { jsEngine } from '@bitgrad/runtime';
import { chromiumMissing, openChromium, type TestPage } from '@bitgrad/tooling/chromium';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileModel } from '../src/index.js';
import { randomBytes, randomizeNorms } from './helpers.js';
import type { PageResult } from './support/page.js';

const required = (process.env.BITGRAD_REQUIRE ?? '').split(',').includes('chromium');
const missing = required ? '' : chromiumMissing();

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const isolated = (body: string, type: string) => ({
  body,
  contentType: type,
  headers: { ...isolation, 'Content-Type': type },
});
const worker = `importScripts('/test.js');
onmessage = ({ data }) => tested.predict(...data).then((result) => postMessage({ result }), (error) => postMessage({ error: String(error) }));`;

describe.skipIf(missing)(`packed model in Chromium${missing && ` (${missing})`}`, () => {
  const bytes = randomBytes(3 * 28 * 28, 4);
  let browser: TestPage;
  let expected: { bits: number[]; best: string };
  const at = async (path: string): Promise<void> => void (await browser.page.goto(`http://localhost${path}`));
  const predict = (
    name: 'predict' | 'predictInWorker',
    engine: string,
    threads: number,
  ): Promise<PageResult> => browser.call(name, '/model.bitgrad', engine, threads, [...bytes]);

  beforeAll(async () => {
    use(stePlugin);
    await tf.setBackend('cpu');
    const model = createModel('cnn', {
      inputShape: [28, 28, 1],
      classes: 10,
      kernelQuantizer: 'ste',
      seed: 3,
      width: 0.5,
    });
    randomizeNorms(model, 3, false);
    const compiled = await compileModel(model, {
      input: 'u8',
      normalization: { mean: [127.5], std: [127.5] },
      metadata: { classes: [...'abcdefghij'] },
    });
    model.dispose();
    const executable = await jsEngine().compile(compiled.model);
    const output = executable.run(bytes);
    const first = [...output.subarray(0, 10)];
    expected = {
      bits: [...new Int32Array(output.buffer as ArrayBuffer)],
      best: 'abcdefghij'[first.indexOf(Math.max(...first))]!,
    };
    const page = '<!doctype html><meta charset="utf-8"><script src="/test.js"></script>';
    browser = await openChromium({
      contents: `export * from './page.js';`,
      resolveDir: fileURLToPath(new URL('support', import.meta.url)),
      files: {
        '/model.bitgrad': { body: Buffer.from(compiled.bytes), contentType: 'application/octet-stream' },
        '/isolated': isolated(page, 'text/html'),
        '/worker.js': isolated(worker, 'text/javascript'),
      },
    });
  });
  afterAll(() => browser?.close());

  it.each([
    ['/', false],
    ['/isolated', true],
  ])('gives the bits of Node at %s, in the page and in a worker', async (path, isIsolated) => {
    await at(path);
    for (const engine of ['js', 'wasm'])
      for (const where of ['predict', 'predictInWorker'] as const)
        for (const threads of engine === 'wasm' ? [1, 2] : [1]) {
          const result = await predict(where, engine, threads);
          expect(result).toEqual({
            ...expected,
            engine,
            threads: isIsolated ? threads : 1,
            isolated: isIsolated,
          });
        }
    expect(browser.errors).toEqual([]);
  });

  it('holds its memory over 10,000 inferences', async () => {
    await at('/');
    await browser.call('hold', '/model.bitgrad');
    const session = await browser.page.context().newCDPSession(browser.page);
    const heap = async (): Promise<number> => {
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      return usedSize;
    };
    const measured = async (times: number) => ({
      memory: await browser.call<number>('runMany', times),
      heap: await heap(),
    });
    const before = await measured(200);
    const after = await measured(10_000);
    expect(after.memory).toBe(before.memory);
    expect(before.memory).toBeGreaterThan(0);
    expect(after.heap - before.heap).toBeLessThan(100_000);
  });
});
