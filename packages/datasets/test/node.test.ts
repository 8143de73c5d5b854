import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { afterAll, describe, expect, it } from 'vitest';
import { createDigits } from '../src/index.js';
import { decodeImage, loadDataset, loadImageFolder, parseDataSpec } from '../src/node.js';
import { caught, foldersIn, idx, ramp, rejected } from './helpers.js';

const root = mkdtempSync(join(tmpdir(), 'bitgrad-datasets-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const folder = foldersIn(root);

const png = (width: number, height: number, rgb: number[]): Uint8Array => {
  const image = new PNG({ width, height });
  for (let i = 0; i < image.data.length; i++) image.data[i] = i % 4 === 3 ? 255 : rgb[i % 4]!;
  return PNG.sync.write(image);
};
const jpg = (width: number, height: number, rgb: number[]): Uint8Array =>
  jpeg.encode(
    {
      width,
      height,
      data: Uint8Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : rgb[i % 4]!)),
    },
    95,
  ).data;

describe('parseDataSpec', () => {
  it('splits at the first colon', () => {
    expect(parseDataSpec('digits')).toEqual({ kind: 'digits' });
    expect(parseDataSpec('mnist:./a/b')).toEqual({ kind: 'mnist', directory: './a/b' });
    expect(parseDataSpec('folder:C:\\pictures')).toEqual({ kind: 'folder', directory: 'C:\\pictures' });
  });

  it('helps with what it does not know', () => {
    caught(
      () => parseDataSpec('imagenet:/x'),
      'unknown-name',
      /digits, mnist:DIR, .*kmnist:DIR, cifar10:DIR, cifar100:DIR, folder:DIR, csv:FILE(,| or) audio:DIR/,
    );
    caught(() => parseDataSpec('CIFAR-10:/x'), 'unknown-name', /Did you mean cifar10\?/);
    caught(() => parseDataSpec('./data/mnist'), 'unknown-name', /folder:\.\/data\/mnist/);
    caught(() => parseDataSpec(''), 'unknown-name');
    caught(() => parseDataSpec('mnist'), 'invalid-option', /needs a folder/, /mnist:DIR/);
    caught(() => parseDataSpec('cifar10:'), 'invalid-option', /cifar10:DIR/);
    caught(() => parseDataSpec('digits:10'), 'invalid-option', /takes no folder/);
    caught(() => parseDataSpec('toString:x'), 'unknown-name');
  });
});

describe('loadDataset', () => {
  const parts = {
    'train-images': idx([20, 2, 2], ramp(80)),
    'train-labels': idx(
      [20],
      Array.from({ length: 20 }, (_, i) => i % 10),
    ),
    't10k-images': idx([2, 2, 2], ramp(8)),
    't10k-labels': idx([2], [3, 4]),
  };
  const mnist = (name: (part: string, rank: number) => string, zip = false) =>
    folder(
      Object.fromEntries(
        Object.entries(parts).map(([part, bytes]) => [
          name(part, part.endsWith('images') ? 3 : 1),
          zip ? gzipSync(bytes) : bytes,
        ]),
      ),
    );

  it('makes digits', async () => {
    const set = await loadDataset('digits', { limit: 30, testLimit: 10, seed: 4 });
    expect(set).toEqual(createDigits({ seed: 4, train: 30, test: 10 }));
  });

  it('finds MNIST under each of its names', async () => {
    const sets = await Promise.all(
      [
        mnist((part, rank) => `${part}-idx${rank}-ubyte`),
        mnist((part, rank) => `${part}.idx${rank}-ubyte`),
        mnist((part, rank) => `${part}-idx${rank}-ubyte.gz`, true),
      ].map((path) => loadDataset(`mnist:${path}`)),
    );
    for (const set of sets) {
      expect([...set.train.images]).toEqual([...ramp(80)]);
      expect([...set.test.labels]).toEqual([3, 4]);
    }
    const path = mnist((part, rank) => `${part}-idx${rank}-ubyte`);
    const limited = await loadDataset(`mnist:${path}`, { limit: 5, testLimit: 1, seed: 1 });
    expect([limited.train.size, limited.test.size]).toEqual([5, 1]);
  });

  it('finds any subset of the CIFAR-10 batches, and CIFAR-100', async () => {
    const record = (...labels: number[]) => Uint8Array.from([...labels, ...new Uint8Array(3072)]);
    const path = folder({
      'data_batch_2.bin': record(2),
      'data_batch_5.bin': record(5),
      'test_batch.bin': record(7),
      'batches.meta.txt': 'x',
    });
    const set = await loadDataset(`cifar10:${path}`);
    expect([[...set.train.labels], [...set.test.labels]]).toEqual([[2, 5], [7]]);
    const hundred = folder({ 'train.bin': record(3, 77), 'test.bin': record(4, 78) });
    expect((await loadDataset(`cifar100:${hundred}`)).train.labels[0]).toBe(77);
    expect((await loadDataset(`cifar100:${hundred}`, { labels: 'coarse' })).classes).toHaveLength(20);
    await rejected(loadDataset(`cifar10:${hundred}`), 'io', /no training batches in/, /train\.bin/);
  });

  it('says what is missing, with what is there', async () => {
    await rejected(
      loadDataset(`mnist:${join(root, 'nowhere')}`),
      'io',
      /cannot read .*nowhere: got "there is no such file/,
    );
    await rejected(loadDataset(`mnist:${folder({})}`), 'io', /no training images in/, /an empty folder/);
    const some = folder({ 'train-images-idx3-ubyte': parts['train-images'] });
    await rejected(
      loadDataset(`mnist:${some}`),
      'io',
      /no training labels/,
      /files: train-images-idx3-ubyte/,
      /train-labels\.idx1-ubyte/,
    );
    const file = join(some, 'train-images-idx3-ubyte');
    await rejected(loadDataset(`mnist:${file}`), 'io', /not a folder/);
    const cut = mnist((part, rank) => `${part}-idx${rank}-ubyte`);
    writeFileSync(join(cut, 't10k-images-idx3-ubyte'), parts['t10k-images'].slice(0, 20));
    await rejected(loadDataset(`mnist:${cut}`), 'truncated-file', /t10k-images-idx3-ubyte, byte 20/);
    await rejected(
      loadDataset(`mnist:${some}`, { maxBytes: 10 }),
      'limit-exceeded',
      /train-images-idx3-ubyte/,
    );
    await rejected(loadDataset('digits', { limit: 0 }), 'invalid-option');
  });

  it('says so when a file name is taken by a folder', async () => {
    const path = mnist((part, rank) => `${part}-idx${rank}-ubyte`);
    rmSync(join(path, 't10k-labels-idx1-ubyte'));
    mkdirSync(join(path, 't10k-labels-idx1-ubyte'));
    await rejected(loadDataset(`mnist:${path}`), 'io', /no test labels/);
  });
});

describe('decodeImage', () => {
  it('reads PNG and JPEG by contents', () => {
    const fromPng = decodeImage('a.jpg', png(3, 2, [10, 20, 30]));
    expect([fromPng.width, fromPng.height, ...fromPng.data.subarray(0, 4)]).toEqual([3, 2, 10, 20, 30, 255]);
    const fromJpeg = decodeImage('a.png', jpg(9, 5, [200, 100, 50]));
    expect([fromJpeg.width, fromJpeg.height]).toEqual([9, 5]);
    for (let c = 0; c < 3; c++) expect(Math.abs(fromJpeg.data[c]! - [200, 100, 50][c]!)).toBeLessThan(6);
  });

  it('names the file in every error', () => {
    caught(() => decodeImage('a.png', new Uint8Array(0)), 'truncated-file', 'a.png, byte 0');
    caught(
      () => decodeImage('a.png', Buffer.from('PK34')),
      'invalid-file',
      'a.png, byte 0',
      /50 4b 33 34/,
      /PNG/,
    );
    caught(() => decodeImage('a.png', png(3, 2, [1, 2, 3]).slice(0, 20)), 'truncated-file', 'a.png, byte 20');
    caught(
      () => decodeImage('a.png', png(3, 2, [1, 2, 3]).slice(0, 50)),
      'truncated-file',
      'a.png, byte 33',
      /got "17 bytes"/,
    );
    for (const length of [100, 600]) {
      const start = jpg(40, 30, [1, 2, 3]).slice(0, length);
      caught(() => decodeImage('a.jpg', start), 'truncated-file', 'a.jpg', /ff d9/);
    }
    caught(() => decodeImage('a.png', png(40, 30, [1, 2, 3]), 1199), 'limit-exceeded', /40 x 30/);
    caught(() => decodeImage('a.jpg', jpg(1500, 1000, [1, 2, 3]), 1e6), 'limit-exceeded', 'a.jpg');
    const broken = png(3, 2, [1, 2, 3]);
    broken[45]! ^= 1;
    caught(() => decodeImage('a.png', broken), 'invalid-file', 'a.png');
  });

  it('bounds what an interlaced PNG inflates to', () => {
    const chunk = (type: string, data: Uint8Array) => {
      const body = Buffer.concat([Buffer.from(type), data]);
      const frame = Buffer.alloc(8);
      frame.writeUInt32BE(data.length, 0);
      frame.writeUInt32BE(crc32(body), 4);
      return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
    };
    const file = (size: number) =>
      Buffer.concat([
        png(1, 1, [0, 0, 0]).subarray(0, 8),
        chunk('IHDR', Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 1)),
        chunk('IDAT', deflateSync(new Uint8Array(size))),
        chunk('IEND', new Uint8Array(0)),
      ]);
    expect(decodeImage('ok.png', file(2), 1000).width).toBe(1);
    caught(() => decodeImage('bomb.png', file(20 << 20), 1000), 'limit-exceeded', 'bomb.png');
  });

  it.each([
    ['PNG', png(6, 5, [9, 99, 199]), 1500],
    ['JPEG', jpg(9, 10, [9, 99, 199]), 800],
  ] as const)('gives a typed error or a whole picture for any mutated %s', (_, file, numRuns) => {
    let failures = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        fc.option(fc.nat(file.length), { freq: 2 }),
        (edits, cut) => {
          const bytes = Uint8Array.from(file);
          for (const [at, value] of edits) bytes[at] = value;
          try {
            const { width, height, data } = decodeImage(
              'mutated',
              cut === null ? bytes : bytes.slice(0, cut),
              1e5,
            );
            expect(data.length).toBe(width * height * 4);
          } catch (error) {
            expect(error).toMatchObject({
              name: 'BitgradError',
              message: expect.stringContaining('mutated'),
            });
            failures += 1;
          }
        },
      ),
      { numRuns, seed: 3 },
    );
    expect(failures).toBeGreaterThan(100);
  });
});

describe('image folders', () => {
  const pictures = (classes: Record<string, number>, prefix = '') =>
    Object.fromEntries(
      Object.entries(classes).flatMap(([name, count], c) =>
        Array.from(
          { length: count },
          (_, i) =>
            [
              `${prefix}${name}/${i}.${i % 2 ? 'png' : 'jpg'}`,
              (i % 2 ? png : jpg)(8, 6, [c * 60, i * 10, 0]),
            ] as const,
        ),
      ),
    );

  it('uses train and test folders', async () => {
    const path = folder({
      ...pictures({ cat: 3, dog: 2 }, 'train/'),
      ...pictures({ dog: 2 }, 'test/'),
      'train/cat/notes.txt': 'x',
    });
    const set = await loadDataset(`folder:${path}`, { size: 4 });
    expect(set).toMatchObject({ name: 'folder', classes: ['cat', 'dog'], shape: [4, 4, 3] });
    expect([[...set.train.labels], [...set.test.labels]]).toEqual([
      [0, 0, 0, 1, 1],
      [1, 1],
    ]);
    // Image 1 of class 0 is a PNG, hence exact.
    expect([...set.train.images.subarray(48, 51)]).toEqual([0, 10, 0]);
  });

  it('holds out a part of each class otherwise, the same for the same seed', async () => {
    const path = folder(pictures({ a: 10, b: 5, c: 2 }));
    const set = await loadImageFolder(path, { size: 2, seed: 3 });
    const counts = (labels: ArrayLike<number>) =>
      [0, 1, 2].map((c) => Array.from(labels).filter((label) => label === c).length);
    expect(counts(set.test.labels)).toEqual([2, 1, 1]);
    expect(counts(set.train.labels)).toEqual([8, 4, 1]);
    expect(await loadImageFolder(path, { size: 2, seed: 3 })).toEqual(set);
    expect(await loadImageFolder(path, { size: 2, seed: 4 })).not.toEqual(set);
    const limited = await loadImageFolder(path, { size: 2, seed: 3, limit: 4, testLimit: 1, channels: 1 });
    expect([limited.train.size, limited.test.size, limited.shape[2]]).toEqual([4, 1, 1]);
  });

  it('follows links and ignores hidden files', async () => {
    const path = folder({ ...pictures({ a: 2 }), '.DS_Store': 'x', 'a/._0.png': 'x' });
    symlinkSync(join(folder(pictures({ b: 2 })), 'b'), join(path, 'b'));
    expect((await loadImageFolder(path, { size: 2 })).classes).toEqual(['a', 'b']);
  });

  it('names what is wrong', async () => {
    await rejected(
      loadImageFolder(folder(pictures({ a: 3 }))),
      'invalid-file',
      /number of class folders: got 1/,
    );
    await rejected(
      loadImageFolder(folder({ ...pictures({ a: 2 }), 'b/x.txt': 'x' })),
      'invalid-file',
      /b: no pictures/,
    );
    await rejected(
      loadImageFolder(folder(pictures({ a: 2, b: 1 }))),
      'invalid-file',
      /b.0\.jpg: the only picture/,
    );
    await rejected(
      loadImageFolder(folder({ ...pictures({ a: 2, b: 2 }), 'b/9.png': 'text' })),
      'invalid-file',
      /b.9\.png, byte 0: no picture: neither/,
    );
    const strange = folder({ ...pictures({ a: 1, b: 1 }, 'train/'), ...pictures({ c: 1 }, 'test/') });
    await rejected(loadImageFolder(strange), 'invalid-file', /got "c", expected some of a, b/);
    const path = folder(pictures({ a: 2, b: 2 }));
    for (const testFraction of [0, 1, NaN])
      await rejected(loadImageFolder(path, { testFraction }), 'invalid-option', 'testFraction');
    await rejected(loadImageFolder(path, { size: 0 }), 'invalid-option', 'size');
    await rejected(loadImageFolder(path, { size: 64, maxBytes: 20_000 }), 'limit-exceeded', /64, 64, 3/);
    await rejected(loadImageFolder(join(root, 'nowhere')), 'io', /nowhere/);
  });
});
