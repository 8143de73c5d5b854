// Augmentation by moving pixels: crop with padding, shift, horizontal flip. Each of them maps rows to rows and
// columns to columns, so an augmented image is described by two short index lists and no pixel is copied twice.
import type { Rng } from '@bitgrad/core';
import { failure, integerOption } from './errors.js';

/** Random changes of an image; what is left out does not happen. Applied in the order crop, shift, flip. */
export interface Augmentation {
  /**
   * Enlarge by `padding` pixels on each side, then cut a window of the original size at a random place.
   * The border repeats mirrored pixels (`reflect`, the default, for photographs) or is byte 0 (`zero`).
   */
  readonly crop?: { readonly padding: number; readonly mode?: 'reflect' | 'zero' };
  /** Move by up to this many pixels in each direction; what comes in is byte 0. For drawings on black. */
  readonly shift?: number;
  /** Mirror left and right, half of the time. */
  readonly flip?: boolean;
}

/** Where each output row or column comes from; -1 is byte 0. */
type Source = Int32Array;

/** Mirrors about the border pixels without repeating them; a side of 1 has only itself. */
const reflect = (position: number, side: number): number => {
  if (side === 1) return 0;
  const period = 2 * (side - 1);
  const wrapped = ((position % period) + period) % period;
  return wrapped < side ? wrapped : period - wrapped;
};

const moved = (source: Source, offset: number, mode: 'reflect' | 'zero'): Source =>
  source.map((_, i) => {
    const from = i + offset;
    if (mode === 'reflect') return source[reflect(from, source.length)] ?? -1;
    return source[from] ?? -1;
  });

/** Checks an {@link Augmentation}; throws `invalid-option`. */
export function checkAugmentation(augment: Augmentation): void {
  const known = ['crop', 'shift', 'flip'];
  for (const key of Object.keys(augment))
    if (!known.includes(key))
      throw failure('invalid-option', 'augmentation', { got: key, expected: `some of ${known.join(', ')}` });
  if (augment.crop !== undefined) {
    integerOption('augment.crop.padding', augment.crop.padding, 0, 4096);
    if (augment.crop.mode !== undefined && augment.crop.mode !== 'reflect' && augment.crop.mode !== 'zero')
      throw failure('invalid-option', 'augment.crop.mode', {
        got: augment.crop.mode,
        expected: 'reflect or zero',
      });
  }
  if (augment.shift !== undefined) integerOption('augment.shift', augment.shift, 0, 4096);
}

/**
 * Draws one change of an image of `height` x `width`.
 * @returns for each output row and column the one it is taken from, or -1 for byte 0
 */
export function drawAugmentation(
  augment: Augmentation,
  height: number,
  width: number,
  rng: Rng,
): { rows: Int32Array; columns: Int32Array } {
  let rows: Source = Int32Array.from({ length: height }, (_, i) => i);
  let columns: Source = Int32Array.from({ length: width }, (_, i) => i);
  const step = (range: number) => rng.integer(2 * range + 1) - range;
  if (augment.crop) {
    const mode = augment.crop.mode ?? 'reflect';
    rows = moved(rows, step(augment.crop.padding), mode);
    columns = moved(columns, step(augment.crop.padding), mode);
  }
  if (augment.shift) {
    rows = moved(rows, step(augment.shift), 'zero');
    columns = moved(columns, step(augment.shift), 'zero');
  }
  if (augment.flip && rng.integer(2) === 1) columns.reverse();
  return { rows, columns };
}
