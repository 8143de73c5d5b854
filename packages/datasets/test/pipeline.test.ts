// Training and serving give the same bytes: what a folder's data set holds is what `imageInput` makes of each picture with
// the settings of the set, in Node and from a canvas in Chromium. BITGRAD_REQUIRE=chromium makes a missing browser a failure.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageInput, validateMetadata, type ImageTarget, type InputNormalization } from '@bitgrad/runtime';
import { chromiumMissing, openChromium, type TestPage } from '@bitgrad/tooling/chromium';
import { resizeImage, type Dataset, type ImageOptions } from '../src/index.js';
import { decodeImage, loadImageFolder } from '../src/node.js';
import { exifOf, fixture, jpegOf, pngOf, withExif } from './pictures.js';

const gradient = (x: number, y: number, c: number): number =>
  (c === 0 ? x * 5 : c === 1 ? y * 6 : (x * y) % 256) & 255;
const rows = (width: number, height: number, channels: number, at = gradient): Uint8Array[] =>
  Array.from({ length: height }, (_, y) =>
    Uint8Array.from({ length: width * channels }, (_, i) => at(Math.floor(i / channels), y, i % channels)),
  );
const png = (width: number, height: number, type: number, channels: number, at = gradient): Buffer =>
  pngOf({ width, height, type, rows: rows(width, height, channels, at) });
/** Smooth, so that decoders of JPEG differ in rounding only. */
const photo = (x: number, y: number): number[] => [40 + x * 2, 200 - y * 2, 60 + x + y];

/** Pictures by name, and how far a browser's decoder may be from ours in a byte of the result. */
const pictures: Record<string, [file: Uint8Array, apart: number]> = {
  'square.png': [png(30, 30, 2, 3), 0],
  'wide.png': [png(50, 20, 2, 3), 0],
  'tall.png': [png(20, 50, 2, 3), 0],
  'one.png': [png(1, 1, 2, 3), 0],
  'large.png': [png(500, 300, 2, 3), 0],
  'grey.png': [png(33, 21, 0, 1), 0],
  // A canvas keeps colours multiplied by the opacity, in bytes.
  'alpha.png': [png(40, 30, 6, 4, (x, y, c) => (c === 3 ? (x * 6) & 255 : gradient(x, y, c))), 1],
  'cut-out.png': [png(40, 30, 6, 4, (x, y, c) => (c === 3 ? ((x + y) % 2) * 255 : gradient(x, y, c))), 0],
  'grey-alpha.png': [png(20, 30, 4, 2, (x, y, c) => (c === 1 ? (y * 8) & 255 : x * 9)), 1],
  'palette.png': [
    pngOf({
      width: 16,
      height: 9,
      type: 3,
      rows: rows(16, 9, 1, (x, y) => (x + y) % 5),
      before: [['PLTE', Uint8Array.from({ length: 15 }, (_, i) => (i * 53) & 255)]],
    }),
    0,
  ],
  // Chromium drops the low byte where we round.
  'deep.png': [
    pngOf({ width: 16, height: 12, depth: 16, type: 2, rows: rows(16, 12, 6, (x, y, c) => (x * 37 + y * 91 + c * 17) & 255) }), // prettier-ignore
    1,
  ],
  'turned.png': [
    pngOf({ width: 40, height: 10, type: 2, rows: rows(40, 10, 3), before: [['eXIf', exifOf(6)]] }),
    0,
  ],
  'picture.gif': [fixture('picture.gif'), 0],
  'picture.bmp': [fixture('picture.bmp'), 0],
  'lossless.webp': [fixture('lossless.webp'), 0],
  'lossy.webp': [fixture('lossy.webp'), 2],
  'photo.jpg': [jpegOf(64, 48, photo), 2],
  'cmyk.jpg': [fixture('cmyk.jpg'), 4],
  'adobe-rgb.jpg': [fixture('adobe-rgb.jpg'), 4],
};
for (let o = 2; o <= 8; o++) pictures[`turned-${o}.jpg`] = [withExif(jpegOf(64, 40, photo), exifOf(o)), 2];

const forms: ImageOptions[] = [
  { size: 8 },
  { size: [12, 20], channels: 1 },
  { size: 16, fit: 'contain', background: [10, 120, 250] },
  { size: [9, 7], fit: 'stretch', background: 0, invert: true },
];

const root = mkdtempSync(join(tmpdir(), 'bitgrad-pipeline-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
for (const label of ['train/a', 'train/b', 'test/b']) {
  mkdirSync(join(root, label), { recursive: true });
  for (const [name, [file]] of Object.entries(pictures))
    if (label === 'train/a' || name === 'one.png') writeFileSync(join(root, label, name), file);
}
const names = readdirSync(join(root, 'train/a')).sort();

/** A model of that data set, as its file would describe it: the settings go through JSON and the validation. */
const servedBy = (set: Dataset): ImageTarget => ({
  input: { type: 'u8', shape: [...set.shape] },
  metadata: validateMetadata(JSON.parse(JSON.stringify({ picture: set.picture }))),
});

const rowsOf = (set: Dataset): Uint8Array[] => {
  const pixels = set.shape[0] * set.shape[1] * set.shape[2];
  return names.map((_, i) => set.train.images.slice(i * pixels, (i + 1) * pixels));
};

describe.each(forms)('%j', (form) => {
  it('serves every picture with the bytes of its training', async () => {
    const set = await loadImageFolder(root, form);
    const target = servedBy(set);
    rowsOf(set).forEach((trained, i) => {
      const decoded = decodeImage(names[i]!, readFileSync(join(root, 'train/a', names[i]!)));
      expect(imageInput(decoded, target), names[i]).toEqual(trained);
      expect(resizeImage(decoded, form), names[i]).toEqual(trained);
    });
    // And floats are made of these bytes.
    const normalization: InputNormalization = { mean: [100], std: [50] };
    const floats = imageInput(decodeImage('x', pictures['wide.png']![0]), {
      input: { type: 'f32', shape: [...set.shape] },
      metadata: { ...target.metadata, normalization },
    });
    const trained = rowsOf(set)[names.indexOf('wide.png')]!;
    expect(floats[0]).toBeCloseTo((trained[0]! - 100) / 50, 6);
  });
});

const required = (process.env.BITGRAD_REQUIRE ?? '').split(',').includes('chromium');
const missing = required ? '' : chromiumMissing();
const types: Record<string, string> = { png: 'image/png', jpg: 'image/jpeg', gif: 'image/gif', bmp: 'image/bmp', webp: 'image/webp' }; // prettier-ignore

describe.skipIf(missing)(`in Chromium${missing && ` (${missing})`}`, () => {
  let browser: TestPage;
  beforeAll(async () => {
    browser = await openChromium({
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
      contents: "export * from './support/page.ts';",
      files: Object.fromEntries(
        Object.entries(pictures).map(([name, [file]]) => [
          `/${name}`,
          { body: Buffer.from(file), contentType: types[name.split('.')[1]!]! },
        ]),
      ),
    });
  }, 60_000);
  afterAll(() => browser.close());

  it.each(['bitmap', 'element'] as const)(
    'draws a %s and serves the bytes of the training',
    async (how) => {
      for (const form of forms) {
        const set = await loadImageFolder(root, form);
        const trained = rowsOf(set);
        const served = await browser.call<number[][]>(
          'inputs',
          names.map((name) => `/${name}`),
          how,
          servedBy(set),
        );
        names.forEach((name, i) => {
          const apart = served[i]!.reduce((most, v, k) => Math.max(most, Math.abs(v - trained[i]![k]!)), 0);
          expect(apart, `${name} by ${how} as ${JSON.stringify(form)}`).toBeLessThanOrEqual(
            pictures[name]![1],
          );
        });
      }
      expect(browser.errors).toEqual([]);
    },
    60_000,
  );

  it('says what to do with elements, and reads canvases of another colour space in sRGB', async () => {
    const target: ImageTarget = { input: { type: 'u8', shape: [1, 1, 3] } };
    expect(await browser.call('refused', '/square.png', target)).toEqual([
      expect.stringMatching(/HTMLImageElement.*Draw it on a canvas/),
      expect.stringMatching(/ImageBitmap.*Draw it on a canvas/),
      expect.stringMatching(/at least 1 x 1/),
      expect.stringMatching(/cannot be read.*crossOrigin/),
    ]);
    expect(await browser.call('wideGamut', target)).toEqual([200, 60, 30]);
  });
});
