import { describe, expect, it } from 'vitest';
import { axisWindow, exactFloat32, exactInt32, windowExtent, windowPositions } from '../src/index.js';

describe('axisWindow', () => {
  it('knows the cases of TensorFlow', () => {
    expect(axisWindow(5, 3, 1, 1, 'same')).toEqual({ size: 5, before: 1, after: 1 });
    expect(axisWindow(6, 3, 2, 1, 'same')).toEqual({ size: 3, before: 0, after: 1 });
    expect(axisWindow(4, 1, 3, 1, 'same')).toEqual({ size: 2, before: 0, after: 0 });
    expect(axisWindow(7, 3, 2, 2, 'valid')).toEqual({ size: 2, before: 0, after: 0 });
    expect(axisWindow(2, 3, 1, 1, 'valid').size).toBe(0);
    // torch.nn.Conv2d(kernel_size=3, stride=2, padding=1) on 6 elements: where 'same' pads after only.
    expect(axisWindow(6, 3, 2, 1, [1, 1])).toEqual({ size: 3, before: 1, after: 1 });
    expect(axisWindow(2, 3, 1, 1, [2, 0])).toEqual({ size: 2, before: 2, after: 0 });
  });

  it.each(['valid', 'same'] as const)('counts the positions that a loop finds, %s', (padding) => {
    for (let input = 1; input <= 9; input++)
      for (let kernel = 1; kernel <= 4; kernel++)
        for (let stride = 1; stride <= 3; stride++)
          for (let dilation = 1; dilation <= 3; dilation++) {
            const { size, before, after } = axisWindow(input, kernel, stride, dilation, padding);
            let found = 0;
            for (let at = -before; at + windowExtent(kernel, dilation) <= input + after; at += stride)
              found++;
            expect(Math.max(0, size)).toBe(found);
            expect(windowPositions(input + before + after, kernel, stride, dilation)).toBe(size);
          }
  });
});

it('the bounds are tight', () => {
  const int32 = new Int32Array(1);
  for (const v of [exactInt32, -exactInt32]) {
    int32[0] = v;
    expect(int32[0]).toBe(v);
  }
  int32[0] = exactInt32 + 1;
  expect(int32[0]).not.toBe(exactInt32 + 1);
  expect(Math.fround(exactFloat32)).toBe(exactFloat32);
  expect(Math.fround(exactFloat32 + 1)).not.toBe(exactFloat32 + 1);
});
