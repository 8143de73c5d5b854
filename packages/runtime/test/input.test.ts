import { describe, expect, it } from 'vitest';
import {
  imageInput,
  normalizeBytes,
  validateMetadata,
  type BufferSpec,
  type CanvasLike,
  type ImageOptions,
  type ImageTarget,
  type PictureSettings,
  type Pixels,
} from '../src/index.js';

const target = (type: 'u8' | 'f32', shape: number[], normalization?: { mean: number[]; std: number[] }) => ({
  input: { type, shape } as BufferSpec,
  metadata: { normalization },
});
const gray = (width: number, height: number, data: number[]): Pixels => ({
  width,
  height,
  data: Uint8Array.from(data),
});

describe('imageInput', () => {
  it('passes bytes of the right size through', () => {
    expect([...imageInput(gray(2, 2, [1, 2, 3, 4]), target('u8', [2, 2, 1]))]).toEqual([1, 2, 3, 4]);
    const rgb = { width: 1, height: 2, data: Uint8ClampedArray.of(1, 2, 3, 4, 5, 6) };
    expect([...imageInput(rgb, target('u8', [2, 1, 3]))]).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it('makes gray by luma, and gray into color', () => {
    const rgba = { width: 3, height: 1, data: Uint8Array.of(255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255) };
    expect([...imageInput(rgba, target('u8', [1, 3, 1]))]).toEqual([76, 150, 29]);
    expect([...imageInput(gray(1, 1, [9]), target('u8', [1, 1, 3]))]).toEqual([9, 9, 9]);
    expect([...imageInput(gray(1, 1, [9]), target('u8', [1, 1, 4]))]).toEqual([9, 9, 9, 255]);
  });
  it('shows transparent pixels over the background', () => {
    const clear = { width: 2, height: 1, data: Uint8Array.of(0, 0, 0, 0, 100, 100, 100, 51) };
    expect([...imageInput(clear, target('u8', [1, 2, 1]))]).toEqual([255, 224]);
    expect([...imageInput(clear, target('u8', [1, 2, 1]), { background: 0 })]).toEqual([0, 20]);
    expect([...imageInput(clear, target('u8', [1, 2, 1]), { invert: true })]).toEqual([0, 31]);
  });
  it('normalizes as in training for float models', () => {
    const got = imageInput(gray(2, 1, [0, 255]), target('f32', [1, 2, 1], { mean: [33.3], std: [78.5] }));
    expect(got).toEqual(Float32Array.of((0 - 33.3) / 78.5, (255 - 33.3) / 78.5));
    expect(imageInput(gray(2, 1, [0, 255]), target('f32', [1, 2, 1]))).toEqual(Float32Array.of(-1, 1));
    expect([...normalizeBytes([0, 255, 200, 0], 2, { mean: [0, 255], std: [100, 50] })]).toEqual(
      [0, 0, 2, -5.1].map(Math.fround),
    );
  });
  it('halves by a symmetric average, doubles by interpolation, keeps constants and the mean of large images', () => {
    const box = imageInput(gray(4, 1, [0, 0, 200, 200]), target('u8', [1, 2, 1]));
    expect(box[0]! + box[1]!).toBe(200);
    expect(box[0]).toBeLessThan(40);
    expect([...imageInput(gray(2, 1, [0, 100]), target('u8', [1, 4, 1]))]).toEqual([0, 25, 75, 100]);
    expect([...imageInput(gray(1, 2, [0, 100]), target('u8', [4, 1, 1]))]).toEqual([0, 25, 75, 100]);
    expect([...imageInput(gray(1, 1, [7]), target('u8', [3, 5, 1]))]).toEqual(new Array(15).fill(7));
    const stripes = Array.from({ length: 90 * 70 }, (_, i) => (i % 2 ? 200 : 100));
    for (const v of imageInput(gray(90, 70, stripes), target('u8', [7, 9, 1])))
      expect(Math.abs(v - 150)).toBeLessThanOrEqual(1);
  });
  it('reads canvases', () => {
    const canvas = {
      width: 2,
      height: 1,
      getContext: () => ({
        getImageData: (x: number, y: number, w: number, h: number) => gray(w, h, [x + 5, y + 6]),
      }),
    };
    expect([...imageInput(canvas, target('u8', [1, 2, 1]))]).toEqual([5, 6]);
    expect(() => imageInput({ ...canvas, getContext: () => null }, target('u8', [1, 2, 1]))).toThrow(
      /2d context/,
    );
  });
  it('refuses what is no image', () => {
    expect(() => imageInput(gray(2, 2, [1, 2]), target('u8', [2, 2, 1]))).toThrow(
      /bytes of the image of 2 x 2 pixels: got 2/,
    );
    expect(() => imageInput(gray(0, 0, []), target('u8', [2, 2, 1]))).toThrow(/size of the image/);
    expect(() => imageInput(gray(1, 1, [1]), target('u8', [784]))).toThrow(/input shape of the model/);
    expect(() => imageInput(gray(1, 1, [1]), target('f32', [1, 1, 1], { mean: [0, 0], std: [1] }))).toThrow(
      /length of the normalization: got 2/,
    );
  });
});

describe('imageInput follows the training', () => {
  const wide = gray(6, 2, [10, 20, 30, 40, 50, 60, 10, 20, 30, 40, 50, 60]);
  const picture: PictureSettings = { fit: 'contain', background: [7, 7, 7], invert: false };
  const trained = (settings: Partial<PictureSettings>): ImageTarget => ({
    ...target('u8', [2, 2, 1]),
    metadata: { picture: { ...picture, ...settings } },
  });
  it('cuts where the file says nothing, as the data sets do', () => {
    expect([...imageInput(wide, target('u8', [2, 2, 1]))]).toEqual([30, 40, 30, 40]);
  });
  it('follows the settings of the file, and options before them', () => {
    expect([...imageInput(wide, { ...trained({}), input: { type: 'u8', shape: [6, 6, 1] } })]).toEqual(
      [7, 7, 1, 1, 7, 7].flatMap((row) => (row === 7 ? new Array(6).fill(7) : [10, 20, 30, 40, 50, 60])),
    );
    expect([...imageInput(wide, trained({ fit: 'cover', invert: true }))]).toEqual([225, 215, 225, 215]);
    expect([...imageInput(wide, trained({ fit: 'cover', invert: true }), { invert: false })]).toEqual([
      30, 40, 30, 40,
    ]);
    expect([...imageInput(wide, trained({}), { fit: 'stretch' })]).toEqual([23, 48, 23, 48]);
    const clear = { width: 1, height: 1, data: Uint8Array.of(0, 0, 0, 0) };
    expect([...imageInput(clear, trained({}))]).toEqual([7, 7, 7, 7]);
  });
  it('keeps the settings in the metadata, and refuses others', () => {
    expect(validateMetadata({ picture: { ...picture, later: 1 } })).toEqual({ picture });
    for (const wrong of [
      { fit: 'crop' },
      { background: [1, 2] },
      { background: [0, 0, 256] },
      { background: 'white' },
      { invert: 0 },
      { invert: undefined },
    ])
      expect(() => validateMetadata({ picture: { ...picture, ...wrong } })).toThrow(
        expect.objectContaining({
          code: 'invalid-file',
          message: expect.stringContaining('metadata.picture.'),
        }),
      );
    expect(() => validateMetadata({ picture: 'cover' })).toThrow(/metadata\.picture/);
  });
  it('refuses inputs that would take too much memory before it takes any', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (const shape of [
      [16_384, 16_384, 1],
      [2 ** 27, 1, 1],
      [1, 2 ** 25, 4],
    ])
      for (const type of ['u8', 'f32'] as const)
        expect(() => imageInput(gray(1, 1, [5]), target(type, shape))).toThrow(
          expect.objectContaining({ code: 'limit-exceeded' }),
        );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
    expect(() => imageInput(wide, target('f32', [8, 8, 3]), { maxBytes: 900 })).toThrow(/at most/);
  });
  it('takes a photo without a copy of it in floats', () => {
    const photo = { width: 4000, height: 3000, data: new Uint8Array(4000 * 3000 * 4).fill(90) };
    const start = process.memoryUsage().arrayBuffers;
    expect(imageInput(photo, target('u8', [32, 32, 3]))[0]).toBe(197);
    expect(process.memoryUsage().arrayBuffers - start).toBeLessThan(photo.data.length / 4);
  });
});

describe('imageInput refuses', () => {
  const model = target('u8', [8, 8, 3]);
  const canvas = (width: number, getImageData: () => unknown): CanvasLike => ({
    width,
    height: 8,
    getContext: () => ({ getImageData }),
  });
  const tainted = (): never => {
    throw new DOMException('The canvas has been tainted by cross-origin data.', 'SecurityError');
  };
  it.each([
    ['an element', { width: 8, height: 8, src: 'x.png' }, model, {}, /Draw it on a canvas/],
    ['a path', 'seven.png', model, {}, /seven\.png.*Decode the file first/],
    ['nothing', undefined, model, {}, /image: got "undefined"/],
    ['null', null, model, {}, /image: got/],
    ['no model', gray(1, 1, [1]), undefined, {}, /model of imageInput/],
    [
      'a model of an array',
      gray(1, 1, [1]),
      target('u8', [28, 28]),
      {},
      /input shape of the model: got \[28,28\]/,
    ],
    ['an empty canvas', canvas(0, tainted), model, {}, /at least 1 x 1/],
    ['a tainted canvas', canvas(8, tainted), model, {}, /tainted.*crossOrigin/],
    ['floats', { width: 1, height: 1, data: new Float32Array(3) }, model, {}, /Float32Array/],
    ['unknown options', gray(1, 1, [1]), model, { invers: true }, /"invers".*Did you mean "invert"/],
    ['bad options', gray(1, 1, [1]), model, { background: 'white' }, /"background"/],
    ['no option object', gray(1, 1, [1]), model, true, /options of imageInput/],
  ])('%s', (_, image, wanted, options, message) => {
    expect(() => imageInput(image as Pixels, wanted as ImageTarget, options as ImageOptions)).toThrow(
      expect.objectContaining({ name: 'BitgradError', message: expect.stringMatching(message) }),
    );
  });
});
