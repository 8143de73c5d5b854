import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createSplit,
  holdOut,
  limitSplit,
  measureNormalization,
  normalizationTable,
  selectImages,
  symmetricNormalization,
  unitNormalization,
  type Split,
} from '../src/index.js';
import { caught, ramp } from './helpers.js';

const split = createSplit(
  ramp(60),
  Uint8Array.from({ length: 10 }, (_, i) => i),
  [1, 2, 3],
);

describe('splits', () => {
  it('checks lengths and shapes', () => {
    expect(split.size).toBe(10);
    caught(
      () => createSplit(ramp(59), new Uint8Array(10), [1, 2, 3]),
      'shape-mismatch',
      /got 59, expected 60/,
    );
    caught(() => createSplit(ramp(60), new Uint8Array(10), [1, 0, 3]), 'invalid-option', /\[1,0,3\]/);
    caught(() => createSplit(ramp(60), new Uint8Array(10), [1, 6] as never), 'invalid-option');
  });

  it('selects images in the order given', () => {
    const some = selectImages(split, [3, 0, 3]);
    expect([...some.labels]).toEqual([3, 0, 3]);
    expect([...some.images.subarray(0, 6)]).toEqual([18, 19, 20, 21, 22, 23]);
    expect(selectImages({ ...split, labels: new Uint16Array(10).fill(300) }, [1]).labels).toEqual(
      Uint16Array.of(300),
    );
    for (const bad of [-1, 10, 0.5, NaN]) caught(() => selectImages(split, [bad]), 'invalid-option');
  });

  it('limits to a prefix of one seeded shuffle', () => {
    const three = [...limitSplit(split, 3, 7).labels];
    expect([...limitSplit(split, 6, 7).labels].slice(0, 3)).toEqual(three);
    expect(new Set(limitSplit(split, 9, 7).labels).size).toBe(9);
    expect([...limitSplit(split, 9, 8).labels]).not.toEqual([...limitSplit(split, 9, 7).labels]);
    for (const all of [10, 11, undefined]) expect(limitSplit(split, all, 7)).toBe(split);
    for (const bad of [0, -1, 1.5, NaN]) caught(() => limitSplit(split, bad), 'invalid-option', 'limit');
  });
});

describe('normalization', () => {
  it('is (x - mean) * (1 / std) for every byte and channel, in the float32 steps of a packed model', () => {
    const table = normalizationTable({ mean: [10, 20.3], std: [3, 0.7] }, 2);
    const { fround } = Math;
    for (let byte = 0; byte < 256; byte++) {
      expect(table[byte]).toBe(fround((byte - 10) * fround(1 / 3)));
      expect(table[256 + byte]).toBe(fround(fround(byte - fround(20.3)) * fround(1 / 0.7)));
      // Within two roundings of the real number, and that of the mean.
      const real = (byte - 20.3) / 0.7;
      expect(Math.abs(table[256 + byte]! - real)).toBeLessThan(2 ** -23 * (Math.abs(real) + 20.3 / 0.7));
    }
  });

  it('defaults to x / 127.5 - 1', () => {
    const table = normalizationTable(symmetricNormalization, 3);
    expect([table[0], table[255], table[512], table[767]]).toEqual([-1, 1, -1, 1]);
    for (let byte = 0; byte < 256; byte++)
      expect(Math.abs(table[byte]! - (byte / 127.5 - 1))).toBeLessThan(2 ** -23);
    expect(Math.abs(normalizationTable(unitNormalization, 1)[51]! - 0.2)).toBeLessThan(2 ** -25);
  });

  it('survives JSON', () => {
    expect(JSON.parse(JSON.stringify(symmetricNormalization))).toEqual(symmetricNormalization);
  });

  it.each([
    { mean: [0], std: [0] },
    { mean: [0], std: [-1] },
    { mean: [0, 0], std: [1] },
    { mean: [NaN], std: [1] },
    { mean: [], std: [1] },
    { mean: 0, std: 1 },
    {},
  ])('refuses %j', (bad) => {
    caught(
      () => normalizationTable(bad as never, 3),
      'invalid-option',
      /normalization\.(mean|std)/,
      /1 or 3 finite numbers/,
    );
  });

  it('measures mean and deviation of each channel', () => {
    const values = [0, 10, 200, 4, 30, 200];
    const measured = measureNormalization(createSplit(Uint8Array.from(values), Uint8Array.of(0), [2, 1, 3]));
    expect(measured).toEqual({ mean: [2, 20, 200], std: [2, 10, 1] });
    caught(
      () => measureNormalization(createSplit(new Uint8Array(0), new Uint8Array(0), [1, 1, 1])),
      'invalid-option',
    );
  });

  it('gives mean 0 and variance 1 to what it measured', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 200 }), (bytes) => {
        const own = createSplit(bytes, new Uint8Array(bytes.length), [1, 1, 1]);
        const table = normalizationTable(measureNormalization(own), 1);
        const values = Array.from(bytes, (byte) => table[byte]!);
        const mean = values.reduce((a, b) => a + b) / values.length;
        const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
        expect(mean).toBeCloseTo(0, 5);
        expect(variance).toBeCloseTo(new Set(bytes).size > 1 ? 1 : 0, 4);
      }),
    );
  });
});

describe('holdOut', () => {
  const labels = Uint8Array.from({ length: 60 }, (_, i) => (i < 40 ? 0 : i < 59 ? 1 : 2));
  const split = createSplit(
    Uint8Array.from({ length: 60 }, (_, i) => i),
    labels,
    [1, 1, 1],
  );
  const count = (part: Split) => [0, 1, 2].map((c) => part.labels.filter((label) => label === c).length);

  it('takes its share of each class, by seed, and loses nothing', () => {
    const { rest, held } = holdOut(split, 0.25, { seed: 7 });
    expect([count(held), count(rest)]).toEqual([
      [10, 5, 0],
      [30, 14, 1],
    ]);
    expect([...rest.images, ...held.images].sort((a, b) => a - b)).toEqual([...split.images]);
    expect([...held.images]).toEqual([...held.images].sort((a, b) => a - b));
    held.images.forEach((image, i) => expect(held.labels[i]).toBe(split.labels[image]));
    expect(holdOut(split, 0.25, { seed: 7 })).toEqual({ rest, held });
    expect(holdOut(split, 0.25, { seed: 8 }).held.images).not.toEqual(held.images);
  });

  it('always holds out something, and never all of a class', () => {
    expect(holdOut(split, 1e-6).held.size).toBe(1);
    expect(count(holdOut(split, 0.999).rest)).toEqual([1, 1, 1]);
  });

  it.each([0, 1, -1, NaN, '0.1', undefined])('refuses %s', (fraction) => {
    caught(() => holdOut(split, fraction as number), 'invalid-option', 'above 0 and below 1');
  });

  it('refuses a split of which nothing can be held out', () => {
    expect(() => holdOut(selectImages(split, [0, 59]), 0.5)).toThrow(/a class of at least 2 images/);
  });
});
