// In Node: engines, files, and what a page downloads.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PNG } from 'pngjs';
import { afterAll, describe, expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import { jsEngine } from '@bitgrad/runtime';
import * as exports from '../src/index.js';
import { halves, picture } from './support/model.js';

const { createClassifierElement, defaultEngines, loadModel, pixelsOf } = exports;
const folder = mkdtempSync(join(tmpdir(), 'bitgrad-classify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const png = (side: 'left' | 'right'): Buffer => {
  const { data, width, height } = picture(side);
  const made = new PNG({ width, height });
  made.data = Buffer.from(data);
  return PNG.sync.write(made);
};

describe('loadModel', () => {
  it('takes the best engine that runs here, and names the others', async () => {
    expect(defaultEngines().map(({ name }) => name)).toEqual(['native', 'wasm', 'js']);
    const model = await loadModel(halves());
    const { engine, skipped } = model.report();
    expect(['native', 'wasm']).toContain(engine);
    expect(skipped.length).toBe(engine === 'wasm' ? 1 : 0);
    model.dispose();
    const js = await loadModel(halves(), { engine: jsEngine() });
    expect(js.report().engine).toBe('js');
    expect(Array.from(await js.predict(Uint8Array.of(255, 0, 255, 0)))).toEqual([2, -2]);
  });

  it('classifies paths, addresses, blobs and pixels', async () => {
    writeFileSync(join(folder, 'right.png'), png('right'));
    const server = createServer((_, response) => response.end(png('right'))).listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as AddressInfo;
    const model = await loadModel(halves());
    for (const each of [
      join(folder, 'right.png'),
      pathToFileURL(join(folder, 'right.png')),
      new Blob([png('right') as BlobPart]),
      `http://127.0.0.1:${port}/right.png`,
      picture('right'),
    ])
      expect(await model.classify(each)).toEqual([
        { label: 'right', index: 1, probability: expect.closeTo(1 / (1 + Math.exp(-4)), 6) },
        { label: 'left', index: 0, probability: expect.closeTo(1 / (1 + Math.exp(4)), 6) },
      ]);
    expect(await model.classify(picture('right'), { top: 1, invert: true })).toMatchObject([
      { label: 'left' },
    ]);
    server.close();
  });

  it('says what is wrong with a picture or an option', async () => {
    const model = await loadModel(halves());
    await expect(model.classify('nowhere.png')).rejects.toMatchObject({ code: 'io' });
    await expect(model.classify(new Blob(['x']))).rejects.toMatchObject({ code: 'invalid-file' });
    await expect(model.classify(7 as never)).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(model.classify(picture('left'), { topp: 1 } as never)).rejects.toThrow(/Did you mean "top"/);
    await expect(model.classify(picture('left'), { background: 'red' } as never)).rejects.toThrow(
      /background/,
    );
    const regression = await loadModel(halves({ output: 'regression' }));
    await expect(regression.classify(picture('left'))).rejects.toThrow(/regression/);
  });
});

it('every exported function works or raises a BitgradError', async () => {
  expect(
    await wrongCalls(exports, {
      cases: {
        loadModel: { args: () => [halves(), { threads: 1 }], options: 1 },
        pixelsOf: {
          args: () => [picture('left')],
          without: ['undefined', 'null', 'object', 'number', 'array'],
        },
        createClassifierElement: { args: () => [{ name: 'a-b' }], options: 0 },
      },
    }),
  ).toEqual([]);
  expect(await pixelsOf(picture('left'))).toEqual(picture('left'));
  expect(() => createClassifierElement()).toThrow(/no elements here/);
});
