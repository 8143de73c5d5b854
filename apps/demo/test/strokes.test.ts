// The image that the network sees: size, place and resolution of a drawing do not matter; the ink is centred.
import { describe, expect, it } from 'vitest';
import { digitsSplit } from '@bitgrad/datasets';
import { sampleStrokes } from '../src/draw/samples.js';
import { imageSide, rasterizeStrokes, type Stroke } from '../src/draw/strokes.js';

const transform = (strokes: readonly Stroke[], scale: number, dx: number, dy: number): Stroke[] =>
  strokes.map((stroke) => stroke.map(({ x, y }) => ({ x: x * scale + dx, y: y * scale + dy })));

const measure = (image: Uint8Array) => {
  let [sum, sx, sy, top, bottom, left, right] = [0, 0, 0, 99, -1, 99, -1];
  image.forEach((value, i) => {
    const [x, y] = [i % imageSide, Math.floor(i / imageSide)];
    sum += value;
    sx += value * (x + 0.5);
    sy += value * (y + 0.5);
    if (value > 100)
      [top, bottom, left, right] = [
        Math.min(top, y),
        Math.max(bottom, y),
        Math.min(left, x),
        Math.max(right, x),
      ];
  });
  return { sum, x: sx / sum, y: sy / sum, height: bottom - top + 1, width: right - left + 1 };
};

describe('rasterizeStrokes', () => {
  it('is black without strokes', () => {
    expect(rasterizeStrokes([]).every((value) => value === 0)).toBe(true);
    expect(rasterizeStrokes([])).toHaveLength(784);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('centres and scales a %i as the training digits are', (digit) => {
    const { x, y, height, width } = measure(rasterizeStrokes(sampleStrokes(digit)));
    expect(Math.max(height, width)).toBeGreaterThanOrEqual(19);
    expect(Math.max(height, width)).toBeLessThanOrEqual(22);
    // Centred by ink, unless the digit would leave the image.
    expect(Math.abs(x - 14)).toBeLessThan(1);
    expect(Math.abs(y - 14)).toBeLessThan(3.1);
  });

  it('does not depend on size and place', () => {
    const wanted = rasterizeStrokes(sampleStrokes(5));
    const moved = rasterizeStrokes(transform(sampleStrokes(5), 0.37, 0.5, 0.11));
    const difference = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - moved[i]!)), 0);
    expect(difference).toBeLessThanOrEqual(1);
  });

  it('keeps a dot a dot', () => {
    const { sum, x, y } = measure(rasterizeStrokes([[{ x: 0.9, y: 0.1 }]]));
    expect(sum / 255).toBeLessThan(9);
    expect([x, y].every((value) => Math.abs(value - 14) < 0.1)).toBe(true);
  });

  it('uses about as much ink as the training set', () => {
    const { images } = digitsSplit({ seed: 3, size: 500 });
    const mean = images.reduce((sum, value) => sum + value, 0) / 500;
    const own = Array.from({ length: 10 }, (_, digit) => measure(rasterizeStrokes(sampleStrokes(digit))).sum);
    const ratio = own.reduce((a, b) => a + b, 0) / 10 / mean;
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.33);
  });
});
