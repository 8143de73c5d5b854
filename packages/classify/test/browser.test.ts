// In Chromium: pictures of every kind, and the element.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumMissing, openChromium, type TestPage } from '@bitgrad/tooling/chromium';
import { PNG } from 'pngjs';
import { picture } from './support/model.js';

const required = (process.env.BITGRAD_REQUIRE ?? '').split(',').includes('chromium');

describe.skipIf(chromiumMissing() && !required)('in a page', () => {
  let page: TestPage;
  beforeAll(async () => {
    page = await openChromium({
      contents: `export * from './support/page.js';`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    });
  }, 60_000);
  afterAll(() => page?.close());

  it.each(['left', 'right'] as const)('every kind of picture that shows %s', async (side) => {
    const { engine, ...found } = await page.call<Record<string, string>>('classifyAll', side);
    expect(engine).toBe('wasm');
    expect(Object.keys(found)).toHaveLength(12);
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((kind) => [kind, side])));
  });

  it('says what is no picture', async () => {
    const [blob, address, image, element, empty] = await page.call<string[]>('wrongPictures');
    expect(blob).toMatch(/^invalid-file: .*no picture that this browser reads/);
    expect(address).toMatch(/^i.*nowhere\.png/);
    expect(image).toMatch(/^io: .*nowhere\.png/);
    expect(element).toMatch(/^invalid-option/);
    expect(empty).toMatch(/^shape-mismatch/);
    page.errors.length = 0;
  });

  it('the element classifies what is inside', async () => {
    expect(await page.call('elementInside')).toEqual({
      classes: ['right', 'left'],
      told: 2,
      ms: 'number',
      items: ['right98.2 %', 'left1.8 %'],
      chooser: true,
    });
  });

  it('the element takes a file', async () => {
    await page.call('elementAlone');
    const { data, width, height } = picture('left');
    const png = new PNG({ width, height });
    png.data = Buffer.from(data);
    const chooser = page.page.locator('bitgrad-classify input');
    await chooser.setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: PNG.sync.write(png) });
    await expect.poll(() => page.call('shown')).toBe('left98.2 %right1.8 %');
  });

  it('the element says what is wrong, and how it may be named', async () => {
    expect(await page.call('elementWrong')).toMatchObject({ code: 'invalid-file', alert: expect.stringContaining('no .bitgrad file') }); // prettier-ignore
    expect(await page.call('elementNames')).toEqual([
      'true',
      'invalid-option',
      'duplicate-name',
      'invalid-option',
    ]);
    expect(page.errors).toEqual([]);
  });
});
