// Augmentation by moving pixels: crop with padding, shift, horizontal flip. Each of them maps rows to rows and
// columns to columns, so an augmented image is described by two short index lists and no pixel is copied twice.
import { option, type OptionRule, type OptionRules, type Rng } from '@bitgrad/core';

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

const cropRules: OptionRules<NonNullable<Augmentation['crop']>> = {
  padding: option.required(option.integer(0, 4096)),
  mode: option.oneOf('reflect', 'zero'),
};
const rules: OptionRules<Augmentation> = {
  crop: option.inside(cropRules),
  shift: option.integer(0, 4096),
  flip: option.boolean,
};

/** The rule of an option that is an {@link Augmentation}. */
export const augmentationRule: OptionRule = option.inside(rules);

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
