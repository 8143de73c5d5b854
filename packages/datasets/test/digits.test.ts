import { describe, expect, it } from 'vitest';
import { createDigits, digitsSplit, drawDigit, type Split } from '../src/index.js';
import { skeletons } from '../src/digits/skeletons.js';
import { caught } from './helpers.js';

const image = (split: Split, i: number): Uint8Array => split.images.subarray(i * 784, (i + 1) * 784);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Share of a test split whose nearest training image (squared distance) has the right label. */
const nearestNeighbour = (train: Split, test: Split): number => {
  let right = 0;
  for (let i = 0; i < test.size; i++) {
    const probe = image(test, i);
    let [best, label] = [Infinity, -1];
    for (let j = 0; j < train.size; j++) {
      let distance = 0;
      for (let p = 0, q = j * 784; p < 784 && distance < best; p++, q++)
        distance += (probe[p]! - train.images[q]!) ** 2;
      if (distance < best) [best, label] = [distance, train.labels[j]!];
    }
    if (label === test.labels[i]) right += 1;
  }
  return right / test.size;
};

describe('digits', () => {
  it('makes any image on its own', () => {
    const split = digitsSplit({ seed: 5, split: 'test', size: 40 });
    for (const index of [0, 7, 39]) {
      const { image: alone, label } = drawDigit({ seed: 5, split: 'test', index });
      expect(text(alone)).toBe(text(image(split, index)));
      expect(label).toBe(split.labels[index]);
    }
    const later = digitsSplit({ seed: 5, split: 'test', start: 30, size: 10 });
    expect(text(later.images)).toBe(text(split.images.subarray(30 * 784)));
  });

  it('is the same every time, and a larger set begins with a smaller one', () => {
    const [small, large] = [
      createDigits({ seed: 2, train: 50, test: 20 }),
      createDigits({ seed: 2, train: 80, test: 30 }),
    ];
    expect(text(large.train.images.subarray(0, 50 * 784))).toBe(text(small.train.images));
    expect(text(large.test.images.subarray(0, 20 * 784))).toBe(text(small.test.images));
    expect(text(createDigits({ seed: 3, train: 50, test: 20 }).train.images)).not.toBe(
      text(small.train.images),
    );
  });

  it('has no image twice, within or between the splits', () => {
    const set = createDigits({ seed: 1, train: 10_000, test: 2_000 });
    const seen = new Set<string>();
    for (const split of [set.train, set.test])
      for (let i = 0; i < split.size; i++) seen.add(text(image(split, i)));
    expect(seen.size).toBe(12_000);
  });

  it('has every class equally often', () => {
    const { train, classes, shape } = createDigits({ train: 200, test: 10 });
    expect(classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(shape).toEqual([28, 28, 1]);
    for (let digit = 0; digit < 10; digit++)
      expect(train.labels.filter((label) => label === digit)).toHaveLength(20);
  });

  it('keeps the ink on the image: a black border, something bright, mostly black', () => {
    const split = digitsSplit({ seed: 11, size: 3000 });
    for (let i = 0; i < split.size; i++) {
      const own = image(split, i);
      const ink = own.reduce((count, value) => count + (value > 100 ? 1 : 0), 0);
      // A thin 1 to a thick 8; MNIST itself ranges from 14 to 300.
      expect(ink, `image ${i}`).toBeGreaterThan(12);
      expect(ink, `image ${i}`).toBeLessThan(330);
      let border = 0;
      for (let p = 0; p < 28; p++)
        border = Math.max(border, own[p]!, own[27 * 28 + p]!, own[p * 28]!, own[p * 28 + 27]!);
      expect(border, `image ${i}`).toBeLessThan(30);
    }
  });

  it('can be learned and is not trivial: one nearest neighbour is right for 85 to 99 %', () => {
    const accuracy = nearestNeighbour(
      digitsSplit({ seed: 4, size: 2000 }),
      digitsSplit({ seed: 4, split: 'test', size: 300 }),
    );
    expect(accuracy).toBeGreaterThan(0.85);
    expect(accuracy).toBeLessThan(0.99);
  });

  it('has at least three well-formed variants of each digit', () => {
    expect(skeletons).toHaveLength(10);
    for (const variants of skeletons) {
      expect(variants.length).toBeGreaterThanOrEqual(3);
      for (const { strokes } of variants)
        for (const stroke of strokes) {
          expect(stroke.length % 2).toBe(0);
          expect(stroke.length).toBeGreaterThanOrEqual(6);
          expect(stroke.every((value) => value >= 0 && value <= 1)).toBe(true);
        }
    }
  });

  it('takes any safe integer as a seed and checks the rest', () => {
    for (const seed of [0, -1, 2 ** 40, Number.MAX_SAFE_INTEGER])
      expect(drawDigit({ seed, index: 3 }).label).toBe(3);
    for (const seed of [0.5, NaN, 2 ** 60])
      caught(() => drawDigit({ seed, index: 0 }), 'invalid-option', 'seed');
    for (const index of [-1, 2 ** 30, 1.5]) caught(() => drawDigit({ index }), 'invalid-option', 'index');
    caught(
      () => drawDigit({ index: 0, split: 'valid' as never }),
      'invalid-option',
      /one of "train", "test"/,
    );
    caught(() => createDigits({ train: 0 }), 'invalid-option', 'train');
    caught(() => digitsSplit({ size: 10, start: 2 ** 30 - 5 }), 'invalid-option', 'size');
    expect(drawDigit({ index: 2 ** 30 - 1 }).image).toHaveLength(784);
  });

  it('draws at least 5,000 images in a second of processor time', () => {
    digitsSplit({ size: 1000 });
    const start = process.cpuUsage();
    digitsSplit({ size: 5000, start: 1000 });
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(1);
  });
});
