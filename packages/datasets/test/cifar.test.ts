import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cifar100Coarse, cifar100Fine } from '../src/cifar-classes.js';
import { datasetFromCifarFiles, parseCifar } from '../src/index.js';
import { caught } from './helpers.js';

/** A pixel that tells record, row, column and channel. */
const pixel = (record: number, y: number, x: number, c: number): number =>
  (record * 91 + y * 37 + x * 5 + c * 101) % 256;

const file = (labels: number[][], first = 0): Uint8Array =>
  Uint8Array.from(
    labels.flatMap((label, i) => {
      const planes: number[] = [];
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < 32; y++) for (let x = 0; x < 32; x++) planes.push(pixel(first + i, y, x, c));
      return [...label, ...planes];
    }),
  );

describe('parseCifar', () => {
  it('interleaves the planes of every record, over several files', () => {
    const split = parseCifar([file([[3], [9]]), new Uint8Array(gzipSync(file([[0]], 2)))], 'cifar10');
    expect([...split.labels]).toEqual([3, 9, 0]);
    expect(split.shape).toEqual([32, 32, 3]);
    let wrong = 0;
    for (let n = 0; n < 3; n++)
      for (let y = 0; y < 32; y++)
        for (let x = 0; x < 32; x++)
          for (let c = 0; c < 3; c++)
            if (split.images[((n * 32 + y) * 32 + x) * 3 + c] !== pixel(n, y, x, c)) wrong += 1;
    expect(wrong).toBe(0);
  });

  it('reads fine and coarse labels of CIFAR-100', () => {
    const bytes = file([
      [19, 99],
      [4, 0],
    ]);
    expect([...parseCifar([bytes], 'cifar100').labels]).toEqual([99, 0]);
    expect([...parseCifar([bytes], 'cifar100', { labels: 'coarse' }).labels]).toEqual([19, 4]);
    expect(parseCifar([bytes], 'cifar100').images[0]).toBe(pixel(0, 0, 0, 0));
  });

  it('knows the class names, which are sorted and distinct', () => {
    const sizes = { cifar10: 10, cifar100: 100 } as const;
    for (const kind of ['cifar10', 'cifar100'] as const) {
      const bytes = file([kind === 'cifar10' ? [1] : [1, 1]]);
      const set = datasetFromCifarFiles({ train: [bytes], test: [bytes] }, kind);
      expect(new Set(set.classes).size).toBe(sizes[kind]);
      expect([...set.classes]).toEqual([...set.classes].sort());
    }
    expect(new Set(cifar100Coarse).size).toBe(20);
    expect(cifar100Fine[99]).toBe('worm');
  });

  const good = file([[1], [2]]);
  it('names file and offset of what is wrong', () => {
    const named = (bytes: Uint8Array) => [{ name: 'batch.bin', bytes }];
    caught(
      () => parseCifar(named(good.slice(0, 5000)), 'cifar10'),
      'truncated-file',
      'batch.bin, byte 5000',
      /byte 3073/,
      /multiple of 3073/,
    );
    caught(
      () => parseCifar(named(file([[1], [10]])), 'cifar10'),
      'invalid-file',
      'batch.bin, byte 3073: label of record 1: got 10, expected 0..9',
    );
    caught(
      () => parseCifar(named(file([[1, 100]])), 'cifar100'),
      'invalid-file',
      'byte 1: label of record 0: got 100',
    );
    caught(
      () => parseCifar(named(file([[20, 1]])), 'cifar100', { labels: 'coarse' }),
      'invalid-file',
      'byte 0',
      /0\.\.19/,
    );
    caught(() => parseCifar(named(file([[1, 2]])), 'cifar10'), 'truncated-file', /fits cifar100/);
    caught(() => parseCifar(named(good), 'cifar100'), 'truncated-file', /fits cifar10\b/);
    caught(
      () => parseCifar(named(Uint8Array.of(0x80, 2, 0x7d)), 'cifar10'),
      'invalid-file',
      /pickle/,
      /binary version/,
    );
    caught(() => parseCifar(named(new Uint8Array(0)), 'cifar10'), 'truncated-file', 'batch.bin, byte 0');
  });

  it('checks its options and limits', () => {
    caught(() => parseCifar([], 'cifar10'), 'invalid-option', /at least one/);
    caught(() => parseCifar([good], 'cifar11' as never), 'invalid-option', /cifar11/);
    caught(() => parseCifar([good], 'toString' as never), 'invalid-option');
    caught(
      () => parseCifar([good], 'cifar100', { labels: 'both' as never }),
      'invalid-option',
      /one of "fine", "coarse"/,
    );
    caught(() => parseCifar([good], 'cifar10', { maxBytes: 6000 }), 'limit-exceeded');
    caught(() => parseCifar([good, good], 'cifar10', { maxBytes: 7000 }), 'limit-exceeded', /4 images/);
  });
});
