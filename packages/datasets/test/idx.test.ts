import { crc32, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gunzip } from '../src/bytes.js';
import { datasetFromMnistFiles, parseIdx, splitFromIdx, type MnistFiles } from '../src/index.js';
import { caught, idx, ramp } from './helpers.js';

const named = (bytes: Uint8Array, name = 'some-file') => ({ name, bytes });
const images = idx([3, 2, 2], ramp(12));
const labels = idx([3], [7, 0, 9]);

describe('parseIdx', () => {
  it('reads dimensions and data, plain and gzip alike', () => {
    for (const bytes of [images, new Uint8Array(gzipSync(images))]) {
      const { dimensions, data, dataOffset } = parseIdx(bytes);
      expect(dimensions).toEqual([3, 2, 2]);
      expect([...data]).toEqual([...ramp(12)]);
      expect(dataOffset).toBe(16);
    }
  });

  it('reads big-endian sizes and a file that is a view into a larger buffer', () => {
    const file = idx([1, 300], ramp(300));
    const host = new Uint8Array(file.length + 7);
    host.set(file, 5);
    expect(parseIdx(host.subarray(5, 5 + file.length)).dimensions).toEqual([1, 300]);
  });

  it.each([
    ['an empty file', new Uint8Array(0), 'truncated-file', 'byte 0'],
    ['a cut magic number', images.slice(0, 3), 'truncated-file', 'byte 3'],
    ['a cut header', images.slice(0, 11), 'truncated-file', 'byte 11.*got "11 bytes", expected 16'],
    ['cut data', images.slice(0, 20), 'truncated-file', 'byte 20.*\\[3, 2, 2\\].*expected 28'],
    ['bytes at the end', Uint8Array.from([...images, 1, 2]), 'invalid-file', 'byte 28.*2 more'],
    [
      'a PNG',
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1, 2),
      'invalid-file',
      'byte 0.*89 50 4e 47.*00 00 08 03',
    ],
    ['text', new TextEncoder().encode('<html>not found</html>'), 'invalid-file', 'not an IDX file'],
    ['no dimensions', Uint8Array.of(0, 0, 8, 0), 'invalid-file', 'not an IDX file'],
    ['five dimensions', idx([1, 1, 1, 1, 1], [0]), 'invalid-file', 'not an IDX file'],
    ['float data', idx([1], [0, 0, 0, 0], 0x0d), 'invalid-file', 'byte 2.*float32 \\(0xd\\)'],
    [
      'a declared size beyond the limit',
      idx([0xffff, 0xffff, 0xffff], []),
      'limit-exceeded',
      '65535, 65535, 65535',
    ],
  ] as const)('%s', (_, bytes, code, message) => {
    caught(() => parseIdx(named(bytes)), code, 'some-file', new RegExp(message));
  });

  it('tells swapped image and label files', () => {
    caught(
      () => parseIdx(named(labels), { dimensions: 3 }),
      'invalid-file',
      'byte 3',
      /1 dimension, as in a file of labels/,
      /swapped/,
    );
    caught(
      () => parseIdx(named(images), { dimensions: 1 }),
      'invalid-file',
      /3 dimensions, as in a file of images/,
    );
  });

  it('bounds the file itself', () => {
    caught(() => parseIdx(named(images), { maxBytes: 27 }), 'limit-exceeded', 'some-file');
    expect(parseIdx(named(images), { maxBytes: 28 }).data.length).toBe(12);
    caught(() => parseIdx(named(images), { maxBytes: 0 }), 'invalid-option', 'maxBytes');
    caught(
      () => parseIdx({ name: 'x', bytes: 'text' as unknown as Uint8Array }),
      'invalid-option',
      'Uint8Array',
    );
  });
});

describe('gunzip', () => {
  const data = ramp(100_000);
  const zipped = new Uint8Array(gzipSync(data));

  it('inverts gzip of any bytes, in one or two members', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 70_000, size: 'max' }),
        fc.uint8Array({ maxLength: 100 }),
        (a, b) => {
          const joined = new Uint8Array(Buffer.concat([gzipSync(a), gzipSync(b)]));
          expect(Buffer.from(gunzip('f', joined)).equals(Buffer.concat([a, b]))).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('finds a cut at every length', () => {
    const small = new Uint8Array(gzipSync(images));
    for (let length = 2; length < small.length; length++)
      expect(() => parseIdx(named(small.slice(0, length)))).toThrowError(
        expect.objectContaining({
          code: expect.stringMatching(/^(truncated-file|checksum-mismatch|invalid-file)$/),
        }),
      );
  });

  it('finds any flipped bit after the header', () => {
    // Bytes 3..9 are flags, time, level and system, which no reader checks against the contents.
    const small = new Uint8Array(gzipSync(images));
    let harmless = 0;
    for (let bit = 80; bit < small.length * 8; bit++) {
      const broken = small.slice();
      broken[bit >> 3]! ^= 1 << (bit & 7);
      try {
        expect([...gunzip('broken.gz', broken)]).toEqual([...images]);
        harmless += 1;
      } catch (error) {
        expect(error, `bit ${bit}`).toMatchObject({
          name: 'BitgradError',
          message: expect.stringContaining('broken.gz'),
        });
      }
    }
    // Up to 7 bits between the end of the deflate stream and the next byte mean nothing.
    expect(harmless).toBeLessThan(8);
  });

  it('checks CRC and length of each member', () => {
    const wrong = zipped.slice();
    wrong[wrong.length - 8]! ^= 1;
    caught(() => gunzip('a.gz', wrong), 'checksum-mismatch', `byte ${wrong.length - 8}`);
    const first = Buffer.concat([wrong, zipped]);
    caught(() => gunzip('a.gz', new Uint8Array(first)), 'checksum-mismatch', `byte ${wrong.length - 8}`);
  });

  it('stops a decompression bomb early', () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(64 << 20)));
    const before = process.memoryUsage().arrayBuffers;
    caught(() => gunzip('bomb.gz', bomb, 1 << 20), 'limit-exceeded', 'bomb.gz', /at most 1048576/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 << 20);
    expect(gunzip('ok.gz', zipped, data.length).length).toBe(data.length);
    caught(() => gunzip('ok.gz', zipped, data.length - 1), 'limit-exceeded');
  });

  it.runIf(typeof crc32 === 'function')('agrees with the CRC-32 of zlib', () => {
    expect(new DataView(zipped.buffer).getUint32(zipped.length - 8, true)).toBe(crc32(data));
  });
});

describe('datasetFromMnistFiles', () => {
  const files: MnistFiles = {
    trainImages: named(images, 'train-images'),
    trainLabels: named(labels, 'train-labels'),
    testImages: named(idx([1, 2, 2], [9, 8, 7, 6]), 'test-images'),
    testLabels: named(idx([1], [4]), 'test-labels'),
  };

  it('gives both splits', () => {
    const set = datasetFromMnistFiles(files);
    expect(set).toMatchObject({ name: 'mnist', shape: [2, 2, 1] });
    expect(set.classes).toHaveLength(10);
    expect([...set.train.labels]).toEqual([7, 0, 9]);
    expect([...set.test.images]).toEqual([9, 8, 7, 6]);
  });

  it('names the file that is wrong', () => {
    caught(
      () => datasetFromMnistFiles({ ...files, trainLabels: named(idx([2], [1, 2]), 'L') }),
      'invalid-file',
      'L, byte 4',
      /got 2/,
      /3, the number of images in train-images/,
    );
    caught(
      () => datasetFromMnistFiles({ ...files, trainLabels: named(idx([3], [1, 10, 2]), 'L') }),
      'invalid-file',
      'L, byte 9: label of image 1: got 10, expected 0..9',
    );
    caught(
      () => datasetFromMnistFiles({ ...files, testImages: named(idx([1, 2, 3], ramp(6)), 'T') }),
      'invalid-file',
      'T',
      /2 x 2/,
    );
    caught(
      () =>
        datasetFromMnistFiles({ ...files, trainImages: files.trainLabels, trainLabels: files.trainImages }),
      'invalid-file',
      'train-labels',
      /swapped/,
    );
    caught(() => splitFromIdx(idx([0, 2, 2], []), idx([0], [])), 'invalid-file', /at least 1/);
    caught(() => datasetFromMnistFiles(files, { classes: [] }), 'invalid-option', /classes/);
  });

  it('takes other class lists', () => {
    const classes = Array.from({ length: 47 }, (_, i) => `c${i}`);
    const set = datasetFromMnistFiles({ ...files, testLabels: idx([1], [46]) }, { classes, name: 'emnist' });
    expect(set.test.labels[0]).toBe(46);
    expect(set.name).toBe('emnist');
  });
});

describe('mutated IDX files', () => {
  it('give a typed error or a valid split, whatever the bytes', () => {
    const mutation = fc.record({
      gzip: fc.boolean(),
      edits: fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 2 }),
      cut: fc.option(fc.nat(60), { freq: 1 }),
      insert: fc.option(fc.tuple(fc.nat(60), fc.uint8Array({ maxLength: 5 })), { freq: 1 }),
    });
    let [valid, invalid] = [0, 0];
    fc.assert(
      fc.property(mutation, mutation, (forImages, forLabels) => {
        const mutate = (file: Uint8Array, { gzip, edits, cut, insert }: typeof forImages) => {
          let bytes = gzip ? new Uint8Array(gzipSync(file)) : file.slice();
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
          if (insert)
            bytes = Uint8Array.from([...bytes.slice(0, insert[0]), ...insert[1], ...bytes.slice(insert[0])]);
          return cut === null ? bytes : bytes.slice(0, cut);
        };
        try {
          const split = splitFromIdx(mutate(images, forImages), mutate(labels, forLabels), 10, {
            maxBytes: 1 << 20,
          });
          expect(split.images.length).toBe(split.size * split.shape[0] * split.shape[1]);
          expect(split.labels.every((label) => label < 10)).toBe(true);
          valid += 1;
        } catch (error) {
          expect(error).toMatchObject({ name: 'BitgradError', message: expect.stringContaining('IDX file') });
          invalid += 1;
        }
      }),
      { numRuns: 3000, seed: 20 },
    );
    // Both outcomes must have been exercised.
    expect(valid).toBeGreaterThan(50);
    expect(invalid).toBeGreaterThan(500);
  });
});
