// What covers and what mixes: against the papers' formulas, and the same after a resume.
import { createRng } from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import { drawAugmentation, type Augmentation } from '../src/augment.js';
import { batches, createExamples, createSplit } from '../src/index.js';
import { symmetricBeta } from '../src/mixup.js';

const raw = { mean: [0], std: [1] };
const patchOf = (augment: Augmentation, side: number, seed: number) =>
  drawAugmentation(augment, side, side, createRng(seed)).patches[0];

describe('cutout', () => {
  it.each([1, 2, 3, 8])('of %i pixels is a square around any pixel, cut off at the borders', (side) => {
    const seen = new Map<string, number>();
    for (let seed = 0; seed < 4000; seed++) {
      const { top, bottom, left, right } = patchOf({ cutout: side }, 5, seed)!;
      const key = [top, bottom, left, right].join();
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    const span = (c: number) => [Math.max(0, c - Math.floor(side / 2)), Math.min(5, c + Math.ceil(side / 2))];
    const expected = new Map<string, number>();
    for (let y = 0; y < 5; y++)
      for (let x = 0; x < 5; x++) {
        const key = [...span(y), ...span(x)].join();
        expected.set(key, (expected.get(key) ?? 0) + 4000 / 25);
      }
    expect([...seen.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [key, count] of expected)
      expect(Math.abs(seen.get(key)! - count)).toBeLessThan(5 * Math.sqrt(count));
  });

  it('is 0 after normalization, and all else stays', () => {
    const split = createSplit(new Uint8Array(2 * 36).fill(200), Uint8Array.of(0, 1), [6, 6, 1]);
    const [batch] = batches(split, { batchSize: 2, augment: { cutout: 2 }, normalize: raw });
    const covered = batch!.images.filter((v) => v === 0).length;
    expect(batch!.images.every((v) => v === 0 || v === 200)).toBe(true);
    expect(covered).toBeGreaterThanOrEqual(2);
    expect(covered).toBeLessThanOrEqual(8);
  });
});

describe('random erasing', () => {
  it('covers half of the images with rectangles of the given areas and proportions', () => {
    const side = 200;
    const patches = Array.from({ length: 2000 }, (_, seed) => patchOf({ erase: {} }, side, seed));
    const drawn = patches.flatMap((p) => (p ? [p] : []));
    expect(Math.abs(drawn.length - 1000)).toBeLessThan(112);
    const areas = drawn.map(({ top, bottom, left, right }) => {
      const [h, w] = [bottom - top, right - left];
      expect(Math.min(top, left)).toBeGreaterThanOrEqual(0);
      expect(Math.max(bottom, right)).toBeLessThanOrEqual(side);
      // Sides are rounded to pixels.
      expect((h + 0.5) / (w - 0.5)).toBeGreaterThanOrEqual(0.3);
      expect((h - 0.5) / (w + 0.5)).toBeLessThanOrEqual(1 / 0.3);
      return (h * w) / side ** 2;
    });
    expect(Math.min(...areas)).toBeGreaterThan(0.015);
    expect(Math.max(...areas)).toBeLessThan(0.41);
    expect(Math.min(...areas)).toBeLessThan(0.05);
    expect(Math.max(...areas)).toBeGreaterThan(0.3);
  });

  it('takes its figures, and fills with random bytes', () => {
    const erase = { probability: 1, area: [0.25, 0.25], aspect: 1 } as const;
    const { top, bottom, left, right } = patchOf({ erase }, 32, 1)!;
    expect([bottom - top, right - left]).toEqual([16, 16]);
    const split = createSplit(new Uint8Array(32 * 32 * 3), Uint8Array.of(0), [32, 32, 3]);
    const [batch] = batches(split, { batchSize: 1, augment: { erase }, normalize: { mean: [0, 0, 0], std: [1, 1, 1] } }); // prettier-ignore
    const noise = batch!.images.filter((v) => v !== 0);
    expect(noise.length).toBeGreaterThan(16 * 16 * 3 * 0.97);
    const mean = noise.reduce((a, b) => a + b, 0) / noise.length;
    expect(Math.abs(mean - 128)).toBeLessThan(12);
    expect(noise.every((v) => Number.isInteger(v) && v <= 255)).toBe(true);
  });

  it('is refused of floats, and with figures that cannot be', () => {
    const floats = createExamples({
      inputs: new Float32Array(4),
      shape: [2, 2, 1],
      labels: Uint8Array.of(0),
    });
    expect(() => batches(floats, { batchSize: 1, augment: { erase: {} } })).toThrow(/random bytes/);
    const split = createSplit(new Uint8Array(4), Uint8Array.of(0), [2, 2, 1]);
    for (const erase of [
      { area: [0.5, 0.2] },
      { area: [0.1, 2] },
      { aspect: 0 },
      { probability: 2 },
      { p: 1 },
    ])
      expect(() => batches(split, { batchSize: 1, augment: { erase: erase as never } })).toThrow(/erase/);
  });
});

describe('mixup', () => {
  it.each([0.2, 1, 4])('draws shares from Beta(%d, itself)', (alpha) => {
    const rng = createRng(1);
    const draws = Array.from({ length: 20_000 }, () => symmetricBeta(alpha, rng));
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
    const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / draws.length;
    expect(mean).toBeCloseTo(0.5, 1.7);
    expect(variance / (1 / (4 * (2 * alpha + 1)))).toBeCloseTo(1, 1.3);
    expect(draws.every((l) => l >= 0 && l <= 1)).toBe(true);
  });

  it('is l x_i + (1 - l) x_j of images, further inputs, weights and, left to the loss, labels', () => {
    const n = 6;
    const split = createExamples({
      inputs: Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 ? i : i * i)),
      shape: [2],
      kind: 'values',
      labels: Float32Array.from({ length: n }, (_, i) => i / 7),
      labelShape: [1],
      weights: Float32Array.from({ length: n }, (_, i) => i + 1),
      more: [{ values: Float32Array.from({ length: n }, (_, i) => 10 * i), shape: [1] }],
    });
    const options = { batchSize: 4, seed: 3, epoch: 2 };
    const plain = [...batches(split, options)];
    const all = [...batches(split, { ...options, augment: { mixup: 0.4 } })];
    all.forEach((batch, b) => {
      const { images, labels, weights, more } = plain[b]!;
      const { share, labels: others } = batch.mix!;
      expect([...batch.labels]).toEqual([...labels]);
      expect([...others].sort()).toEqual([...labels].sort());
      for (let i = 0; i < batch.size; i++) {
        const j = labels.indexOf(others[i]!);
        const of = (values: ArrayLike<number>, width: number, at: number) =>
          Math.fround(share * values[i * width + at]! + (1 - share) * values[j * width + at]!);
        expect([...batch.images.subarray(2 * i, 2 * i + 2)]).toEqual([of(images, 2, 0), of(images, 2, 1)]);
        expect(batch.weights![i]).toBe(of(weights!, 1, 0));
        expect(batch.more![0]!.values[i]).toBe(of(more![0]!.values, 1, 0));
      }
    });
    expect(all[0]!.mix!.share).not.toBe(all[1]!.mix!.share);
    expect([...batches(split, { ...options, augment: { mixup: 0.4 }, startBatch: 1 })]).toEqual(all.slice(1));
  });

  it('comes after what changes single images, which a resume repeats', () => {
    const split = createSplit(Uint8Array.from({ length: 8 * 48 }, (_, i) => i % 251), new Uint8Array(8), [4, 4, 3]); // prettier-ignore
    const augment = { shift: 1, flip: true, cutout: 2, erase: {}, mixup: 1 };
    const all = [...batches(split, { batchSize: 3, seed: 5, augment })];
    expect([...batches(split, { batchSize: 3, seed: 5, augment, startBatch: 2 })]).toEqual(all.slice(2));
    const { mixup: _, ...single } = augment;
    const plain = [...batches(split, { batchSize: 3, seed: 5, augment: single })];
    const { share } = all[2]!.mix!;
    // The last batch has two images: each is mixed with itself, or both with each other.
    const [a, b] = [plain[2]!.images[0]!, plain[2]!.images[48]!];
    expect([a, share * a + (1 - share) * b]).toContainEqual(expect.closeTo(all[2]!.images[0]!, 5));
  });
});
