import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import {
  checkPixels,
  defaultPicture,
  orientPixels,
  pictureBytes,
  pictureSettings,
  type PictureShape,
  type Pixels,
} from '../src/index.js';

/** uint8 [height, width, bytes] from a function of x, y and channel. */
const picture = (
  width: number,
  height: number,
  bytes: number,
  at: (x: number, y: number, c: number) => number,
): Pixels => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * bytes }, (_, i) => {
    const p = Math.floor(i / bytes);
    return at(p % width, Math.floor(p / width), i % bytes);
  }),
});

/** `cover` over white, written plainly: whole planes in memory, every weight made anew. */
function slowly({ data, width, height }: Pixels, [outHeight, outWidth, channels]: PictureShape): Uint8Array {
  const flat = new Float32Array(width * height * channels);
  for (let p = 0; p < width * height; p++) {
    const alpha = data[4 * p + 3]! / 255;
    const over = (c: number): number => data[4 * p + c]! * alpha + 255 * (1 - alpha);
    if (channels === 1) flat[p] = 0.299 * over(0) + 0.587 * over(1) + 0.114 * over(2);
    else for (let c = 0; c < 3; c++) flat[3 * p + c] = over(c);
  }
  const ratio = Math.min(width / outWidth, height / outHeight);
  const weightsOf = (length: number, side: number) =>
    Array.from({ length }, (_, i) => {
      const radius = Math.max(1, ratio);
      const centre = (side - length * ratio) / 2 + (i + 0.5) * ratio;
      const first = Math.max(0, Math.floor(centre - radius));
      const last = Math.min(side - 1, Math.ceil(centre + radius) - 1);
      const weights: number[] = [];
      for (let p = first; p <= last; p++) weights.push(Math.max(0, 1 - Math.abs(p + 0.5 - centre) / radius));
      const sum = weights.reduce((a, b) => a + b, 0);
      return { first, weights: weights.map((w) => w / sum) };
    });
  const columns = weightsOf(outWidth, width);
  const middle = new Float32Array(height * outWidth * channels);
  for (let y = 0; y < height; y++)
    columns.forEach(({ first, weights }, x) => {
      for (let c = 0; c < channels; c++)
        middle[(y * outWidth + x) * channels + c] = weights.reduce(
          (sum, w, k) => sum + w * flat[(y * width + first + k) * channels + c]!,
          0,
        );
    });
  return Uint8Array.from(
    weightsOf(outHeight, height).flatMap(({ first, weights }) =>
      Array.from({ length: outWidth * channels }, (_, i) =>
        Math.round(
          weights.reduce((sum, w, k) => sum + w * middle[(first + k) * outWidth * channels + i]!, 0),
        ),
      ),
    ),
  );
}

const settings = (options: Parameters<typeof pictureSettings>[0]) => pictureSettings(options);

describe('pictureBytes', () => {
  it('gives the bytes of the plain form, whatever the sizes', () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        fc.constantFrom(1, 3),
        fc.integer(),
        (w, h, toW, toH, channels, seed) => {
          const image = picture(
            w,
            h,
            4,
            (x, y, c) => Math.imul(x * 73 + y * 179 + c * 283 + seed, 2654435761) >>> 24,
          );
          expect(pictureBytes(image, [toH, toW, channels])).toEqual(slowly(image, [toH, toW, channels]));
        },
      ),
      { numRuns: 200, seed: 4 },
    );
  });

  it('reads grey, RGB and opaque RGBA alike', () => {
    const at = (x: number, y: number) => (x * 31 + y * 57) % 256;
    const [grey, rgb, rgba] = [1, 3, 4].map((bytes) =>
      picture(9, 7, bytes, (x, y, c) => (c === 3 ? 255 : at(x, y))),
    );
    for (const shape of [
      [5, 5, 1],
      [5, 5, 3],
      [11, 4, 4],
    ] as const) {
      expect(pictureBytes(rgb!, shape)).toEqual(pictureBytes(rgba!, shape));
      expect(pictureBytes(grey!, shape)).toEqual(pictureBytes(rgba!, shape));
    }
  });

  it('cuts, contains or distorts', () => {
    // Columns of 10, 20, ... 60.
    const wide = picture(6, 2, 1, (x) => (x + 1) * 10);
    const rows = (fit: 'cover' | 'contain' | 'stretch', shape: PictureShape) =>
      Array.from(pictureBytes(wide, shape, settings({ fit, background: 7 })));
    expect(rows('cover', [2, 2, 1])).toEqual([30, 40, 30, 40]);
    expect(rows('contain', [6, 6, 1])).toEqual(
      [7, 7, 10, 10, 7, 7].flatMap((v) => (v === 7 ? Array(6).fill(7) : [10, 20, 30, 40, 50, 60])),
    );
    expect(rows('contain', [2, 8, 1])).toEqual(
      [7, 10, 20, 30, 40, 50, 60, 7].concat([7, 10, 20, 30, 40, 50, 60, 7]),
    );
    // A triangle of half-width 3 around 1.5: (2/3 10 + 20 + 2/3 30 + 1/3 40) / (8/3) = 22.5, and its mirror.
    expect(rows('stretch', [1, 2, 1])).toEqual([23, 48]);
    // Never thinner than a pixel.
    expect(
      pictureBytes(
        picture(1000, 1, 1, () => 9),
        [3, 3, 1],
        settings({ fit: 'contain', background: 0 }),
      ),
    ).toEqual(Uint8Array.of(0, 0, 0, 9, 9, 9, 0, 0, 0));
  });

  it('composes over the background, then inverts', () => {
    const clear: Pixels = { width: 2, height: 1, data: Uint8Array.of(0, 0, 0, 0, 100, 100, 100, 51) };
    const bytes = (options: Parameters<typeof pictureSettings>[0], channels = 3) =>
      Array.from(pictureBytes(clear, [1, 2, channels], settings(options)));
    expect(bytes({})).toEqual([255, 255, 255, 224, 224, 224]);
    expect(bytes({ background: [10, 20, 30] })).toEqual([10, 20, 30, 28, 36, 44]);
    expect(bytes({ invert: true })).toEqual([0, 0, 0, 31, 31, 31]);
    expect(bytes({ background: 0 }, 4)).toEqual([0, 0, 0, 0, 20, 20, 20, 51]);
    const beside = pictureBytes({ ...clear, width: 1, data: clear.data.slice(4) }, [1, 3, 4], settings({ fit: 'contain', background: [1, 2, 3], invert: true })); // prettier-ignore
    expect([...beside.slice(0, 4)]).toEqual([254, 253, 252, 255]);
  });

  it('takes little memory besides the picture, and says so before it takes too much', () => {
    const wide = picture(50_000, 2, 1, () => 5);
    expect(pictureBytes(wide, [4, 4, 1])[0]).toBe(5);
    expect(() => pictureBytes(wide, [16_384, 16_384, 1])).toThrow(
      expect.objectContaining({
        code: 'limit-exceeded',
        message: expect.stringContaining('[16384, 16384, 1]'),
      }),
    );
    expect(() => pictureBytes(wide, [4, 4, 1], defaultPicture, { maxBytes: 1000 })).toThrow(/at most 1000/);
    expect(() => pictureBytes(wide, [1, 2 ** 27, 1])).toThrow(/memory for a picture/);
  });

  it.each([
    ['a path', 'seven.png', /got "seven.png".*decodeImage/],
    ['nothing', undefined, /got "undefined"/],
    ['an element', { width: 8, height: 8, src: 'x.png' }, /canvas/],
    ['floats', { width: 1, height: 1, data: Float32Array.of(0.5) }, /Float32Array.*0 to 255/],
    ['lists', { width: 1, height: 1, data: [1] }, /Uint8Array/],
    ['no size', { width: 0, height: 0, data: new Uint8Array(0) }, /at least 1 x 1/],
    [
      'sizes that do not fit',
      { width: 3, height: 2, data: new Uint8Array(16) },
      /got 16, expected 6, 18 or 24/,
    ],
  ])('refuses %s', (_, image, message) => {
    expect(() => pictureBytes(image as Pixels, [1, 1, 1])).toThrow(
      expect.objectContaining({ name: 'BitgradError', message: expect.stringMatching(message) }),
    );
  });
});

describe('pictureSettings', () => {
  it('fills in what is not said', () => {
    expect(pictureSettings()).toEqual(defaultPicture);
    expect(pictureSettings({ background: 3 })).toEqual({
      fit: 'cover',
      background: [3, 3, 3],
      invert: false,
    });
    const base = pictureSettings({ fit: 'contain', invert: true });
    expect(pictureSettings({ fit: 'stretch' }, base)).toEqual({ ...base, fit: 'stretch' });
  });
  it.each([
    [{ fit: 'crop' }, /"fit"/],
    [{ background: 256 }, /"background"/],
    [{ background: [1, 2] }, /"background"/],
    [{ invert: 1 }, /"invert"/],
    [{ invers: true }, /"invers".*Did you mean "invert"/],
  ])('refuses %j', (options, message) => {
    expect(() => pictureSettings(options as object)).toThrow(message);
  });
});

it('works or raises a BitgradError, whatever is passed', async () => {
  const image = () => picture(2, 2, 1, () => 1);
  const exports = { checkPixels, orientPixels, pictureBytes, pictureSettings };
  const cases = {
    checkPixels: { args: () => [image(), 'bits'] },
    orientPixels: { args: () => [image(), 6] },
    pictureBytes: { args: () => [image(), [1, 1, 1], { ...defaultPicture }, { maxBytes: 999 }], options: 3 },
    pictureSettings: { args: () => [{ fit: 'cover' }], options: 0 },
  };
  expect(await wrongCalls(exports, { cases })).toEqual([]);
});

describe('orientPixels', () => {
  // 1 2 3 / 4 5 6 as stored; as EXIF 2.32 has them shown.
  const stored: Pixels = { width: 3, height: 2, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  it.each([
    [1, 3, [1, 2, 3, 4, 5, 6]],
    [2, 3, [3, 2, 1, 6, 5, 4]],
    [3, 3, [6, 5, 4, 3, 2, 1]],
    [4, 3, [4, 5, 6, 1, 2, 3]],
    [5, 2, [1, 4, 2, 5, 3, 6]],
    [6, 2, [4, 1, 5, 2, 6, 3]],
    [7, 2, [6, 3, 5, 2, 4, 1]],
    [8, 2, [3, 6, 2, 5, 1, 4]],
    [9, 3, [1, 2, 3, 4, 5, 6]],
  ])('orientation %i', (orientation, width, bytes) => {
    const shown = orientPixels(stored, orientation);
    expect([shown.width, ...shown.data]).toEqual([width, ...bytes]);
    const doubled = picture(3, 2, 4, (x, y, c) => 10 * (y * 3 + x + 1) + c);
    expect([...orientPixels(doubled, orientation).data].filter((_, i) => i % 4 === 2)).toEqual(
      bytes.map((v) => 10 * v + 2),
    );
  });
});
