// Walking a window over an image.
import type { Window } from '../ops/window.js';

/** Writes the pixel index of each tap of the window at output (y, x), or -1 outside the image; returns how many are outside. */
export function locateTaps(
  { kernel, strides, dilations, pads }: Window,
  height: number,
  width: number,
  y: number,
  x: number,
  taps: Int32Array,
): number {
  let outside = 0;
  let t = 0;
  for (let i = 0; i < kernel[0]; i++) {
    const row = y * strides[0] - pads[0] + i * dilations[0];
    for (let j = 0; j < kernel[1]; j++) {
      const column = x * strides[1] - pads[1] + j * dilations[1];
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      taps[t++] = inside ? row * width + column : -1;
      if (!inside) outside++;
    }
  }
  return outside;
}
