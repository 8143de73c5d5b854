import { createRng } from '@bitgrad/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawAugmentation } from '../src/augment.js';
import {
  batchCount,
  batches,
  createSplit,
  epochOrder,
  type CropMode,
  type Augmentation,
  type BatchOptions,
  type Split,
} from '../src/index.js';
import { caught, ramp } from './helpers.js';

const make = (size: number, shape: [number, number, number] = [3, 4, 2]): Split =>
  createSplit(
    ramp(size * shape[0] * shape[1] * shape[2]),
    Uint8Array.from({ length: size }, (_, i) => i % 10),
    shape,
  );
const raw = { mean: [0], std: [1] };

describe('batches', () => {
  it('goes through a split once, last batch included', () => {
    const split = make(10);
    const all = [...batches(split, { batchSize: 4, seed: 3 })];
    expect(all.map(({ size, index, shape }) => [index, size, ...shape])).toEqual([
      [0, 4, 4, 3, 4, 2],
      [1, 4, 4, 3, 4, 2],
      [2, 2, 2, 3, 4, 2],
    ]);
    expect(all.flatMap(({ indices }) => [...indices]).sort((a, b) => a - b)).toEqual([...Array(10).keys()]);
    expect([...batches(split, { batchSize: 4, dropLast: true })]).toHaveLength(2);
    expect([...batches(split, { batchSize: 11, dropLast: true })]).toHaveLength(0);
    expect([...batches(split, { batchSize: 11 })]).toHaveLength(1);
  });

  it('holds the normalized bytes and labels of its indices', () => {
    const split = make(7);
    for (const { images, labels, indices } of batches(split, {
      batchSize: 3,
      normalize: { mean: [5, 9], std: [2, 4] },
    })) {
      indices.forEach((image, i) => {
        expect(labels[i]).toBe(image % 10);
        for (let p = 0; p < 24; p++) {
          const byte = split.images[image * 24 + p]!;
          expect(images[i * 24 + p]).toBe(p % 2 === 0 ? (byte - 5) / 2 : (byte - 9) / 4);
        }
      });
    }
  });

  it('keeps the order when not shuffled', () => {
    const [first] = batches(make(5), { batchSize: 5, shuffle: false, normalize: raw });
    expect([...first!.indices]).toEqual([0, 1, 2, 3, 4]);
    expect([...first!.images]).toEqual([...ramp(120)]);
  });

  it('resumes at any batch with the same contents, augmentation included', () => {
    fc.assert(
      fc.property(
        fc.record({
          size: fc.integer({ min: 1, max: 30 }),
          batchSize: fc.integer({ min: 1, max: 9 }),
          epoch: fc.nat(5),
          seed: fc.integer(),
          start: fc.nat(31),
          dropLast: fc.boolean(),
        }),
        ({ size, start, ...rest }) => {
          const options: BatchOptions = { ...rest, augment: { crop: { padding: 1 }, shift: 1, flip: true } };
          const whole = [...batches(make(size), options)];
          expect(whole).toHaveLength(batchCount(make(size), options));
          expect([...batches(make(size), { ...options, startBatch: start })]).toEqual(whole.slice(start));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('differs by epoch and by seed, and not by batch size', () => {
    const order = (epoch: number, seed: number, size = 50) => [...epochOrder(size, { epoch, seed })].join();
    const orders = new Set([order(0, 0), order(1, 0), order(0, 1), order(1, 1), order(10, 0)]);
    expect(orders.size).toBe(5);
    const split = make(20);
    const pixels = (batchSize: number) =>
      [...batches(split, { batchSize, epoch: 4, augment: { shift: 2 } })].flatMap(({ images }) => [
        ...images,
      ]);
    expect(pixels(3)).toEqual(pixels(20));
  });

  it('shuffles evenly: each image comes first about equally often', () => {
    const counts = new Array<number>(5).fill(0);
    for (let epoch = 0; epoch < 2000; epoch++) counts[epochOrder(5, { epoch, seed: 9 })[0]!]! += 1;
    // 400 expected with a deviation of 18; 5 deviations.
    for (const count of counts) expect(Math.abs(count - 400)).toBeLessThan(90);
  });

  it('gives arrays of its own', () => {
    const split = make(4);
    const [first] = batches(split, { batchSize: 4, shuffle: false });
    first!.images.fill(0);
    first!.labels.fill(0);
    expect([...split.images]).toEqual([...ramp(96)]);
  });

  it('makes floats of one batch at a time', () => {
    const split = createSplit(new Uint8Array(20_000 * 784), new Uint8Array(20_000), [28, 28, 1]);
    const iterator = batches(split, { batchSize: 64, startBatch: 300 });
    const before = process.memoryUsage().arrayBuffers;
    iterator.next();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 << 20);
  });

  it('checks options at the call', () => {
    const split = make(3);
    for (const batchSize of [0, -1, 1.5, NaN])
      caught(() => batches(split, { batchSize }), 'invalid-option', 'batchSize');
    for (const key of ['epoch', 'startBatch'] as const)
      caught(() => batches(split, { batchSize: 1, [key]: -1 }), 'invalid-option', key);
    caught(() => batches(split, { batchSize: 1, seed: 0.5 }), 'invalid-option', 'seed');
    caught(
      () => batches(split, { batchSize: 1, augment: { rotate: 3 } as Augmentation }),
      'invalid-option',
      'rotate',
    );
    caught(
      () => batches(split, { batchSize: 1, augment: { shift: -1 } }),
      'invalid-option',
      /augment\.shift/,
    );
    caught(
      () => batches(split, { batchSize: 1, augment: { crop: { padding: 0.5 } } }),
      'invalid-option',
      /padding/,
    );
    caught(
      () => batches(split, { batchSize: 1, augment: { crop: { padding: 1, mode: 'edge' as never } } }),
      'invalid-option',
      /one of "reflect", "zero"/,
    );
    expect([
      ...batches(createSplit(new Uint8Array(0), new Uint8Array(0), [1, 1, 1]), { batchSize: 1 }),
    ]).toEqual([]);
  });
});

describe('augmentation', () => {
  /** Every picture that one seed after the other makes of [[1, 2, 3], [4, 5, 6]]. */
  const outcomes = (augment: Augmentation) => {
    const split = createSplit(Uint8Array.of(1, 2, 3, 4, 5, 6), Uint8Array.of(0), [2, 3, 1]);
    const seen = new Map<string, number>();
    for (let seed = 0; seed < 600; seed++) {
      const [batch] = batches(split, { batchSize: 1, seed, augment, normalize: raw });
      const key = [...batch!.images].join(' ');
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    return seen;
  };

  it('flips half of the images', () => {
    const seen = outcomes({ flip: true });
    expect([...seen.keys()].sort()).toEqual(['1 2 3 4 5 6', '3 2 1 6 5 4']);
    expect(Math.abs(seen.get('3 2 1 6 5 4')! - 300)).toBeLessThan(62);
  });

  it('shifts in every direction, zeros coming in', () => {
    const seen = outcomes({ shift: 1 });
    expect([...seen.keys()].sort()).toEqual(
      [
        '0 0 0 0 1 2', '0 0 0 1 2 3', '0 0 0 2 3 0',
        '0 1 2 0 4 5', '1 2 3 4 5 6', '2 3 0 5 6 0',
        '0 4 5 0 0 0', '4 5 6 0 0 0', '5 6 0 0 0 0',
      ].sort(),
    ); // prettier-ignore
  });

  it('crops with mirrored or black padding', () => {
    const mirrored = outcomes({ crop: { padding: 1 } });
    // Of two rows, mirroring makes the same either way: [0, 1] or [1, 0]; columns [0, 1, 2], [1, 0, 1] or [1, 2, 1].
    expect([...mirrored.keys()].sort()).toEqual(
      ['1 2 3 4 5 6', '2 1 2 5 4 5', '2 3 2 5 6 5', '4 5 6 1 2 3', '5 4 5 2 1 2', '5 6 5 2 3 2'].sort(),
    );
    expect(outcomes({ crop: { padding: 1, mode: 'zero' } }).has('0 0 0 0 1 2')).toBe(true);
  });

  it('crops with the float 0, whatever a byte 0 is', () => {
    const split = createSplit(Uint8Array.of(5), Uint8Array.of(0), [1, 1, 1]);
    const normalize = { mean: [10], std: [1] };
    const of = (mode: CropMode, seed: number) =>
      [...batches(split, { batchSize: 1, seed, normalize, augment: { crop: { padding: 1, mode } } })][0]!
        .images[0];
    const seen = (mode: CropMode) => new Set(Array.from({ length: 50 }, (_, seed) => of(mode, seed)));
    expect(seen('middle')).toEqual(new Set([-5, 0]));
    expect(seen('zero')).toEqual(new Set([-5, -10]));
    expect(seen('reflect')).toEqual(new Set([-5]));
  });

  it('draws once for a batch, or for each image', () => {
    const split = createSplit(
      new Uint8Array(64 * 9).map((_, i) => i % 9),
      new Uint8Array(64),
      [3, 3, 1],
    );
    const augment = { shift: 1, flip: true, cutout: 1 };
    const pictures = (more: Augmentation, epoch = 0) =>
      [...batches(split, { batchSize: 16, epoch, augment: { ...augment, ...more } })].map(
        ({ images }) =>
          new Set(Array.from({ length: 16 }, (_, i) => images.subarray(i * 9, i * 9 + 9).join())),
      );
    const alike = pictures({ sameOnBatch: true });
    expect(alike.map(({ size }) => size)).toEqual([1, 1, 1, 1]);
    expect(new Set(alike.map(([picture]) => picture)).size).toBeGreaterThan(1);
    expect(pictures({ sameOnBatch: true })).toEqual(alike);
    expect(pictures({ sameOnBatch: true }, 1)).not.toEqual(alike);
    expect(Math.min(...pictures({}).map(({ size }) => size))).toBeGreaterThan(4);
  });

  it('stays inside the image for any padding', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(40),
        fc.nat(40),
        fc.integer(),
        (h, w, padding, shift, seed) => {
          const reflected = drawAugmentation({ crop: { padding } }, h, w, createRng(seed));
          expect(reflected.rows.every((row) => row >= 0 && row < h)).toBe(true);
          expect(reflected.columns.every((column) => column >= 0 && column < w)).toBe(true);
          const shifted = drawAugmentation({ crop: { padding }, shift, flip: true }, h, w, createRng(seed));
          expect(shifted.rows.every((row) => row >= -1 && row < h)).toBe(true);
          expect(shifted.columns).toHaveLength(w);
        },
      ),
    );
  });

  it('does nothing for zero amounts', () => {
    expect([...outcomes({ shift: 0, crop: { padding: 0 }, flip: false }).keys()]).toEqual(['1 2 3 4 5 6']);
  });

  it('depends on the image and the epoch, not on the neighbours in the batch', () => {
    const split = make(64, [8, 8, 1]);
    const one = (size: number) => {
      const all = [
        ...batches(split, { batchSize: size, augment: { shift: 3 }, shuffle: false, normalize: raw }),
      ];
      return all.flatMap(({ images }) => [...images]);
    };
    expect(one(1)).toEqual(one(64));
  });
});
