// Augmentation by moving pixels: crop with padding, shift, horizontal flip. Each of them maps rows to rows and
// columns to columns, so an augmented image is described by two short index lists and no pixel is copied twice. Then
// rectangles may be covered.
import { option, type OptionRule, type OptionRules, type Rng } from '@bitgrad/core';

/** Random changes of an image; what is left out does not happen. Applied in the order of these fields. */
export interface Augmentation {
  /**
   * Enlarge by `padding` pixels on each side, then cut a window of the original size at a random place.
   * The border repeats mirrored pixels (`reflect`, the default, for photographs), is byte 0 (`zero`), or the float 0 (`middle`),
   * the middle, or mean, of a normalized image.
   */
  readonly crop?: { readonly padding: number; readonly mode?: CropMode };
  /** Move by up to this many pixels in each direction; what comes in is byte 0. For drawings on black. */
  readonly shift?: number;
  /** Mirror left and right, half of the time. */
  readonly flip?: boolean;
  /**
   * Cover a square of so many pixels a side with the float 0: the middle, or mean, of a normalized image (DeVries and Taylor
   * 2017, arXiv 1708.04552). Its centre is any pixel, so that parts of it may lie outside.
   */
  readonly cutout?: number;
  /** Random erasing: cover a rectangle with random bytes; {} has the paper's figures. */
  readonly erase?: Erasing;
  /**
   * Mix each image, and what it is labelled as, with another of its batch; alpha of the shares' distribution
   * Beta(alpha, alpha) (Zhang et al. 2018, arXiv 1710.09412). Examples may be of any kind. Default not.
   */
  readonly mixup?: number;
  /** All images of a batch are moved and covered alike: one draw for each batch. Default false: one for each image. */
  readonly sameOnBatch?: boolean;
}

/** What may be beyond the border of an image that is enlarged. */
export const cropModes = ['reflect', 'zero', 'middle'] as const;
/** One of {@link cropModes}. */
export type CropMode = (typeof cropModes)[number];

/** Random erasing (Zhong et al. 2017, arXiv 1708.04896, algorithm 1, whose figures are the defaults). */
export interface Erasing {
  /** How often an image is covered, p; default 0.5. */
  readonly probability?: number;
  /** Bounds of the rectangle's area, as a share of the image, s_l and s_h; default [0.02, 0.4]. */
  readonly area?: readonly [number, number];
  /** Bound of height / width, r1; the other is its inverse; default 0.3. */
  readonly aspect?: number;
}

/** A rectangle that is covered: rows from `top` to below `bottom`, columns from `left` to below `right`. */
export interface Patch {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  /** Where its bytes come from; none: the float 0. */
  readonly noise?: Rng;
}

/** What an output row or column is that comes from no other: the byte 0, or the float 0. */
export const outside = { zero: -1, middle: -2 } as const;

/** Where each output row or column comes from, or one of {@link outside}. */
type Source = Int32Array;

/** Mirrors about the border pixels without repeating them; a side of 1 has only itself. */
const reflect = (position: number, side: number): number => {
  if (side === 1) return 0;
  const period = 2 * (side - 1);
  const wrapped = ((position % period) + period) % period;
  return wrapped < side ? wrapped : period - wrapped;
};

const moved = (source: Source, offset: number, mode: CropMode): Source =>
  source.map((_, i) => {
    const from = i + offset;
    return mode === 'reflect' ? source[reflect(from, source.length)]! : (source[from] ?? outside[mode]);
  });

const cropRules: OptionRules<NonNullable<Augmentation['crop']>> = {
  padding: option.required(option.integer(0, 4096)),
  mode: option.oneOf(...cropModes),
};
const share = option.number(0, 1);
const erasingRules: OptionRules<Erasing> = {
  probability: share,
  area: option.of(
    'two ascending numbers from 0 to 1',
    (v) => Array.isArray(v) && v.length === 2 && v.every((n) => share.allows(n)) && v[0] <= v[1],
  ),
  aspect: option.of('a number above 0, 1 or less', (v) => share.allows(v) && (v as number) > 0),
};
const rules: OptionRules<Augmentation> = {
  crop: option.inside(cropRules),
  shift: option.integer(0, 4096),
  flip: option.boolean,
  cutout: option.integer(0, 4096),
  erase: option.inside(erasingRules),
  mixup: option.positive,
  sameOnBatch: option.boolean,
};

/** The rule of an option that is an {@link Augmentation}. */
export const augmentationRule: OptionRule = option.inside(rules);

const drawCutout = (side: number, height: number, width: number, rng: Rng): Patch => {
  const span = (middle: number, end: number): [number, number] => {
    const start = middle - Math.floor(side / 2);
    return [Math.max(0, start), Math.min(end, start + side)];
  };
  const [top, bottom] = span(rng.integer(height), height);
  const [left, right] = span(rng.integer(width), width);
  return { top, bottom, left, right };
};

/** Shapes that are drawn until one fits into the image; in one of extreme proportions none may. */
const erasingTries = 100;

function drawErasing(
  { probability = 0.5, area: [low, high] = [0.02, 0.4], aspect = 0.3 }: Erasing,
  height: number,
  width: number,
  rng: Rng,
): Patch[] {
  if (rng.next() >= probability) return [];
  for (let i = 0; i < erasingTries; i++) {
    const area = (low + (high - low) * rng.next()) * height * width;
    const ratio = aspect + (1 / aspect - aspect) * rng.next();
    const [h, w] = [Math.round(Math.sqrt(area * ratio)), Math.round(Math.sqrt(area / ratio))];
    const [top, left] = [rng.integer(height), rng.integer(width)];
    if (top + h <= height && left + w <= width)
      return [{ top, bottom: top + h, left, right: left + w, noise: rng.fork('noise') }];
  }
  return [];
}

/**
 * Draws one change of an image of `height` x `width`.
 * @returns for each output row and column the one it is taken from, or one of {@link outside}; and what is covered then
 */
export function drawAugmentation(
  augment: Augmentation,
  height: number,
  width: number,
  rng: Rng,
): { rows: Int32Array; columns: Int32Array; patches: readonly Patch[] } {
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
  const { cutout, erase } = augment;
  const patches = [
    ...(cutout ? [drawCutout(cutout, height, width, rng)] : []),
    ...(erase ? drawErasing(erase, height, width, rng) : []),
  ];
  return { rows, columns, patches };
}
