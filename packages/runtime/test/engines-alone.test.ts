// Engines with nothing around them, as Hermes: what they lack is taken away here.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { encodeModel, jsEngine, loadModel, topClasses } from '../src/index.js';
import { affineModel } from './support/models.js';
import { repairChecksums } from './support/repair.js';

const { plan, weights, metadata } = affineModel();
const file = encodeModel(plan, weights, { ...metadata, classes: ['häß', '猫😀'] });
/** The same with a header that is no UTF-8: a byte of the class name is broken, and its checksum made anew. */
const broken = file.slice();
broken[broken.indexOf(0xc3, 100)] = 0xff;
repairChecksums(broken);

beforeEach(() => {
  for (const name of ['URL', 'Blob', 'Response', 'fetch', 'TextDecoder', 'BigInt64Array', 'WebAssembly'])
    vi.stubGlobal(name, undefined);
});
afterEach(() => vi.unstubAllGlobals());

it('bytes load, run and have their classes, in any script', async () => {
  const model = await loadModel(file, { engine: jsEngine() });
  expect(model.metadata.classes).toEqual(['häß', '猫😀']);
  const logits = model.predictSync(Uint8Array.of(4, 10));
  expect(
    topClasses(logits, model)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['häß', '猫😀']);
});

it.each([undefined, 7, {}, null])('%j is no source', async (source) => {
  await expect(loadModel(source as never)).rejects.toMatchObject({ code: 'invalid-option' });
});

it.each(['https://a.example/m.bitgrad'])('%s cannot be read, with the reason', async (source) => {
  await expect(loadModel(source)).rejects.toMatchObject({
    code: 'io',
    message: expect.stringMatching(/fetch is not a function/),
  });
});

it('a header that is no UTF-8 is refused', async () => {
  await expect(loadModel(broken)).rejects.toMatchObject({
    code: 'invalid-file',
    message: expect.stringMatching(/UTF-8/),
  });
});

it('bytes that are no model are named', async () => {
  await expect(loadModel(Uint8Array.of(60, 33))).rejects.toMatchObject({ code: 'invalid-file' });
});
