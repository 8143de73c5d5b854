import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { datasetFromImages, resizeImage, splitFromImages, type RgbaImage } from '../src/index.js';
import { caught } from './helpers.js';

const picture = (width: number, height: number, at: (x: number, y: number) => number[]): RgbaImage => ({
  width,
  height,
  data: Uint8ClampedArray.from(
    Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width))).flatMap(
      ([r = 0, g = 0, b = 0, a = 255]) => [r, g, b, a],
    ),
  ),
});

describe('resizeImage', () => {
  it('leaves an image of the right size as it is', () => {
    const image = picture(5, 4, (x, y) => [x * 50, y * 60, x * y * 10]);
    const result = resizeImage(image, { size: [4, 5] });
    expect([...result]).toEqual([...image.data].filter((_, i) => i % 4 !== 3));
  });

  it('keeps a constant colour at any size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom('cover' as const, 'stretch' as const),
        (w, h, toW, toH, fit) => {
          const result = resizeImage(
            picture(w, h, () => [7, 130, 255]),
            { size: [toH, toW], fit },
          );
          expect(result).toHaveLength(toW * toH * 3);
          result.forEach((value, i) => expect(value).toBe([7, 130, 255][i % 3]));
        },
      ),
    );
  });

  it('averages with a triangle when shrinking by 2', () => {
    // Output 0 has its centre at 1 and radius 2: weights 0.75, 0.75, 0.25 of pixels 0, 1, 2, over 1.75.
    const result = resizeImage(
      picture(4, 1, (x) => [[0, 70, 140, 210][x]!, 0, 0]),
      { size: [1, 2], fit: 'stretch' },
    );
    expect(result[0]).toBe(Math.round((0.75 * 0 + 0.75 * 70 + 0.25 * 140) / 1.75));
    expect(result[3]).toBe(Math.round((0.25 * 70 + 0.75 * 140 + 0.75 * 210) / 1.75));
  });

  it('interpolates linearly when enlarging by 2', () => {
    const result = resizeImage(
      picture(2, 1, (x) => [x * 100, 0, 0]),
      { size: [1, 4], fit: 'stretch' },
    );
    expect([0, 3, 6, 9].map((i) => result[i])).toEqual([0, 25, 75, 100]);
  });

  it('keeps mirror images mirrored', () => {
    const value = (x: number, y: number) => [(x * 37 + y * 11) % 256, (x * y) % 256, 5];
    const [plain, mirrored] = [picture(13, 7, value), picture(13, 7, (x, y) => value(12 - x, y))].map((p) =>
      resizeImage(p, { size: 5 }),
    );
    for (let y = 0; y < 5; y++)
      for (let x = 0; x < 5; x++)
        for (let c = 0; c < 3; c++)
          expect(mirrored![(y * 5 + 4 - x) * 3 + c]).toBe(plain![(y * 5 + x) * 3 + c]);
  });

  it('cuts equally on both sides to cover, and distorts to stretch', () => {
    // Red left third, green middle, blue right third of a 12 x 4 image.
    const wide = picture(
      12,
      4,
      (x) =>
        [
          [255, 0, 0],
          [0, 255, 0],
          [0, 0, 255],
        ][Math.floor(x / 4)]!,
    );
    const middle = resizeImage(wide, { size: 4 });
    expect([...middle]).toEqual(Array.from({ length: 16 }, () => [0, 255, 0]).flat());
    expect(resizeImage(wide, { size: 3, fit: 'stretch' })[0]).toBeGreaterThan(150);
  });

  it('puts transparency over white, and weighs grey by luma', () => {
    expect([
      ...resizeImage(
        picture(1, 1, () => [0, 0, 0, 0]),
        { size: 1 },
      ),
    ]).toEqual([255, 255, 255]);
    expect([
      ...resizeImage(
        picture(1, 1, () => [0, 100, 0, 51]),
        { size: 1 },
      ),
    ]).toEqual([204, 224, 204]);
    expect([
      ...resizeImage(
        picture(1, 1, () => [100, 0, 0]),
        { size: 1, channels: 1 },
      ),
    ]).toEqual([30]);
    expect([
      ...resizeImage(
        picture(1, 1, () => [255, 255, 255]),
        { size: 1, channels: 1 },
      ),
    ]).toEqual([255]);
  });

  it('checks options and data', () => {
    const image = picture(2, 2, () => [1, 2, 3]);
    for (const size of [0, 4097, 1.5, [3, 0] as const])
      caught(() => resizeImage(image, { size }), 'invalid-option', 'size');
    caught(
      () => resizeImage(image, { fit: 'crop' as never }),
      'invalid-option',
      /"cover", "contain", "stretch"/,
    );
    caught(() => resizeImage(image, { channels: 4 as never }), 'invalid-option', /one of 1, 3/);
    caught(() => resizeImage(image, { background: [1, 2] as never }), 'invalid-option', /"background"/);
    caught(() => resizeImage(image, { widht: 3 } as never), 'invalid-option', /no option "widht"/);
    caught(() => resizeImage({ ...image, width: 3 }), 'shape-mismatch', /got 16, expected 6, 18 or 24/);
    caught(() => resizeImage({ ...image, width: 0 }), 'shape-mismatch', 'width');
    caught(() => resizeImage('a.png' as never), 'invalid-option', /decodeImage/);
  });
});

describe('datasetFromImages', () => {
  const item = (label: number) => ({ label, image: picture(3, 3, () => [label, label, label]) });

  it('labels what it resizes', () => {
    const set = datasetFromImages(
      'mine',
      ['a', 'b'],
      { train: [item(0), item(1)], test: [item(1)] },
      { size: 2, channels: 1 },
    );
    expect(set.shape).toEqual([2, 2, 1]);
    expect([...set.train.images]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect([...set.test.labels]).toEqual([1]);
  });

  it('tells how its pictures were made, for the packed file', () => {
    const items = { train: [item(0)], test: [] };
    expect(datasetFromImages('mine', ['a', 'b'], items).picture).toEqual({
      fit: 'cover',
      background: [255, 255, 255],
      invert: false,
    });
    const set = datasetFromImages('mine', ['a', 'b'], items, { fit: 'contain', background: 9, invert: true });
    expect(set.picture).toEqual({ fit: 'contain', background: [9, 9, 9], invert: true });
    expect(set.train.images[0]).toBe(255);
  });

  it('says what is missing', () => {
    const wrong =
      (...args: unknown[]) =>
      () =>
        (datasetFromImages as (...a: unknown[]) => unknown)(...args);
    caught(wrong('mine', ['a'], undefined), 'invalid-option', /pictures/);
    caught(wrong('mine', 2, { train: [], test: [] }), 'invalid-option', /classes/);
    caught(wrong('mine', ['a'], { train: [undefined], test: [] }), 'invalid-option', /label of image 0/);
    caught(wrong('mine', ['a'], { train: [{ label: 0 }], test: [] }), 'invalid-option', /image/);
    caught(wrong('mine', ['a'], { train: [], test: [] }, { chanels: 1 }), 'invalid-option', /"channels"/);
  });

  it('widens labels for more than 256 classes, and checks their range', () => {
    expect(splitFromImages([item(255)], 256).labels).toBeInstanceOf(Uint8Array);
    expect(splitFromImages([{ ...item(0), label: 299 }], 300).labels).toEqual(Uint16Array.of(299));
    caught(
      () => splitFromImages([item(2)], 2),
      'invalid-option',
      /label of image 0: got 2, expected an integer from 0 to 1/,
    );
  });
});
