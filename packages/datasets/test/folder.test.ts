// Reading folders: what is no file, threads, the cache, progress.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadDataset, loadImageFolder, type LoadProgress } from '../src/node.js';
import { cacheFolder } from '../src/node/cache.js';
import { readPictures } from '../src/node/pool.js';
import { imageForm } from '../src/images.js';
import { foldersIn, rejected } from './helpers.js';
import { fixture, jpegOf, pngOf } from './pictures.js';

const root = mkdtempSync(join(tmpdir(), 'bitgrad-folder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const folder = foldersIn(root);
const grey = (value: number): Buffer => pngOf({ width: 1, height: 1, type: 0, rows: [Uint8Array.of(value)] });
const small = () =>
  folder({ 'a/1.png': grey(1), 'a/2.png': grey(2), 'b/1.png': grey(3), 'b/2.png': grey(4) });

describe('what a folder may hold', () => {
  it('reads every format, each by its contents', async () => {
    const names = ['reference.png', 'lossless.webp', 'picture.gif', 'picture.bmp'];
    const files = names.flatMap((name) =>
      ['a', 'b'].map((label) => [`${label}/${name}`, fixture(name)] as const),
    );
    const path = folder({ ...Object.fromEntries(files), 'a/webp-named.jpg': fixture('lossless.webp'), 'b/x.jpg': fixture('cmyk.jpg') }); // prettier-ignore
    const set = await loadImageFolder(path, { size: [8, 12] });
    expect([set.train.size, set.test.size]).toEqual([8, 2]);
    expect(set.picture).toEqual({ fit: 'cover', background: [255, 255, 255], invert: false });
  });

  it('does not wait for a pipe, and says that it is left out', async () => {
    const path = small();
    execFileSync('mkfifo', [join(path, 'a', '0.png'), join(path, 'pipe')]);
    symlinkSync(join(path, 'nowhere'), join(path, 'b', '0.png'));
    const set = await loadImageFolder(path, { size: 1, channels: 1 });
    expect(set.train.size + set.test.size).toBe(4);
    expect(set.notes?.at(-1)).toBe('3 left out, no regular files: pipe, a/0.png, b/0.png');
    execFileSync('mkfifo', [join(path, 'train.bin')]);
    writeFileSync(join(path, 'test.bin'), '');
    await rejected(loadDataset(`cifar100:${path}`), 'io', /no training batches/);
  });

  it('follows links, not in circles', async () => {
    const path = small();
    symlinkSync(join(small(), 'a'), join(path, 'linked'));
    expect((await loadImageFolder(path, { size: 1 })).classes).toEqual(['a', 'b', 'linked']);
    symlinkSync(path, join(path, 'a', 'up'));
    await rejected(loadImageFolder(path), 'limit-exceeded', /a\/up: a link round in a circle/);
  });

  it('takes the classes of a model, and then some of them are enough', async () => {
    const path = small();
    const set = await loadImageFolder(path, { size: 1, channels: 1, classes: ['b', 'c', 'a'] });
    expect([set.classes, [...set.train.labels], [...set.test.labels]]).toEqual([
      ['b', 'c', 'a'],
      [2, 0],
      [2, 0],
    ]);
    rmSync(join(path, 'a'), { recursive: true });
    expect([...(await loadDataset(`folder:${path}`, { classes: ['a', 'b'] })).test.labels]).toEqual([1]);
    await rejected(loadImageFolder(path), 'invalid-file', /class folders: got 1/);
    await rejected(loadImageFolder(path, { classes: ['cat', 'dog'] }), 'incompatible', /got "b"/);
    await rejected(
      loadDataset('digits', { limit: 1, testLimit: 1, classes: ['cat', 'dog'] }),
      'incompatible',
    );
  });

  it('tells how far it is', async () => {
    const seen: LoadProgress[] = [];
    await loadImageFolder(small(), { size: 1, onProgress: (progress) => seen.push(progress) });
    expect(seen).toEqual([1, 2, 3, 4].map((done) => ({ done, total: 4 })));
  });
});

/** Above the size from which threads and the cache are used: noise does not compress. */
const noisy = (): Record<string, Buffer> => {
  let state = 1;
  const noise = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff) >> 16;
  const rows = Array.from({ length: 1100 }, () => Uint8Array.from({ length: 1100 }, noise));
  return Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [
      `${i % 2 ? 'a' : 'b'}/${i}.png`,
      pngOf({ width: 1100, height: 1100, type: 0, rows: rows.map((row) => row.map((v) => v ^ i)) }),
    ]),
  );
};

describe('large folders', () => {
  const path = folder(noisy());
  const cache = join(root, 'cache');
  const load = (options: object) => loadImageFolder(path, { size: 8, channels: 1, ...options });

  it('gives the same bytes from threads and from the cache', async () => {
    const plain = await load({ threads: 1, cache: false });
    const threaded = await load({ threads: 2, cache });
    expect([threaded.train, threaded.test]).toEqual([plain.train, plain.test]);
    expect(threaded.notes).toEqual(plain.notes);
    const kept = await load({ cache });
    expect([kept.train, kept.test]).toEqual([plain.train, plain.test]);
    expect(kept.notes?.at(-1)).toBe(`8 of 8 pictures taken from the cache in ${cache}`);
    // Another form is another cache; a limit finds what it needs.
    expect((await load({ cache, size: 4 })).notes?.at(-1)).not.toMatch(/cache/);
    expect((await load({ cache, limit: 1, testLimit: 1 })).notes?.at(-1)).toMatch(/2 of 2 pictures/);
  });

  it('decodes again what has changed, and all where the cache is damaged', async () => {
    const [before] = readdirSync(cache);
    expect(before).toMatch(/\.pictures$/);
    utimesSync(join(path, 'a', '1.png'), 1, 1);
    expect((await load({ cache })).notes?.at(-1)).toMatch(/^7 of 8/);
    for (const name of readdirSync(cache)) writeFileSync(join(cache, name), 'bgpics01 and no more');
    // What two processes were writing: one ended in the middle, long ago.
    const partials = ['cut', 'writing'].map((name) => join(cache, `${name}.partial`)) as [string, string];
    for (const path of partials) writeFileSync(path, 'bgpics01');
    utimesSync(partials[0], new Date(0), new Date(0));
    const set = await load({ cache });
    expect(set.notes?.at(-1)).not.toMatch(/cache/);
    expect(partials.map((path) => existsSync(path))).toEqual([false, true]);
    expect(set.train).toEqual((await load({ cache: false, threads: 1 })).train);
  });

  it('names the first picture that cannot be read, also from a thread', async () => {
    const files = noisy();
    const broken = folder({
      ...files,
      'a/3.png': 'text',
      'b/0.png': files['b/0.png']!.subarray(0, 1_000_000),
    });
    await rejected(loadImageFolder(broken, { size: 8, threads: 2, cache: false }), 'invalid-file', /3\.png/);
  });

  it('really decodes in threads', async () => {
    const form = imageForm({ size: 2 });
    const paths = Object.entries(noisy()).map(([name]) => join(path, name));
    const heard: number[] = [];
    // The thread works while this one waits: its event loop turns between two answers.
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await readPictures(paths, form, { threads: 2, maxBytes: 2 ** 30, onPicture: (i) => heard.push(i) });
    clearInterval(timer);
    expect([...heard].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(turns).toBeGreaterThan(20);
  });
});

it('keeps caches where the system has them', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/c' }, 'linux')).toBe(join('/c', 'bitgrad'));
  expect(cacheFolder({}, 'linux')).toMatch(/\.cache.bitgrad$/);
  expect(cacheFolder({ LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'bitgrad'));
  expect(cacheFolder({}, 'darwin')).toMatch(/Library.Caches.bitgrad$/);
});

it('turns photos upright', async () => {
  const plain = jpegOf(30, 20, (x) => [x < 15 ? 250 : 5, 0, 0]);
  const path = folder({ 'a/1.jpg': plain, 'a/2.jpg': plain, 'b/1.jpg': plain, 'b/2.jpg': plain });
  const set = await loadImageFolder(path, { size: [1, 2], fit: 'stretch' });
  expect(set.train.images[0]! - set.train.images[3]!).toBeGreaterThan(100);
});
