import { describe, expect, it } from 'vitest';
import { imageInput, normalizeBytes, topClasses, type BufferSpec, type Pixels } from '../src/index.js';

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
      /bytes of the image: got 2/,
    );
    expect(() => imageInput(gray(0, 0, []), target('u8', [2, 2, 1]))).toThrow(/size of the image/);
    expect(() => imageInput(gray(1, 1, [1]), target('u8', [784]))).toThrow(/input shape of the model/);
    expect(() => imageInput(gray(1, 1, [1]), target('f32', [1, 1, 1], { mean: [0, 0], std: [1] }))).toThrow(
      /length of the normalization: got 2/,
    );
  });
});

describe('topClasses', () => {
  it('sorts by probability, which is the softmax', () => {
    const got = topClasses(Float32Array.of(1, 3, 2), ['a', 'b', 'c'], 2);
    expect(got.map(({ name, index }) => [name, index])).toEqual([
      ['b', 1],
      ['c', 2],
    ]);
    const total = Math.exp(1) + Math.exp(2) + Math.exp(3);
    expect(got[0]!.probability).toBeCloseTo(Math.exp(3) / total, 12);
    expect(topClasses(Int32Array.of(5, 5))).toEqual([
      { index: 0, name: '0', probability: 0.5 },
      { index: 1, name: '1', probability: 0.5 },
    ]);
    expect(topClasses(Float32Array.of(1000, -1000))[0]!.probability).toBe(1);
  });
});
