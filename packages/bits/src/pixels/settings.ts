// How pictures of any size become the bytes that a network takes. Training and serving read the same settings, which
// travel in the description of a run and in the packed file.
import { checkOptions, option, type OptionRules } from '../options.js';

/**
 * How a picture of another aspect ratio is brought to a shape: `cover` cuts off what exceeds it, equally on both sides;
 * `contain` shows all of it, with the background beside it; `stretch` distorts.
 */
export type PictureFit = 'cover' | 'contain' | 'stretch';

/** Settings in full, JSON-safe: what {@link pictureSettings} gives. */
export interface PictureSettings {
  readonly fit: PictureFit;
  /** Bytes of red, green and blue shown through transparent pixels and beside a picture that is contained. */
  readonly background: readonly [red: number, green: number, blue: number];
  /** Whether bytes are 255 - byte at the end: light on dark for dark on light. */
  readonly invert: boolean;
}

/** The settings where nothing is said, and those of files that were written before settings were. */
export const defaultPicture: PictureSettings = {
  fit: 'cover',
  background: [255, 255, 255],
  invert: false,
};

/** Settings as they may be given: some of them, the background also as one byte for grey. */
export interface PictureOptions {
  /** Default `cover`. */
  readonly fit?: PictureFit;
  /** One byte, or one for each of red, green and blue; default 255, white. */
  readonly background?: number | readonly [red: number, green: number, blue: number];
  /** Default false. */
  readonly invert?: boolean;
}

const byte = option.integer(0, 255);

/** Rules for {@link PictureOptions}, to be checked with the other options of a function. */
export const pictureRules: OptionRules<PictureOptions> = {
  fit: option.oneOf('cover', 'contain', 'stretch'),
  background: option.of(
    'a byte, or a list of three (red, green, blue)',
    (v) => byte.allows(v) || (Array.isArray(v) && v.length === 3 && v.every(byte.allows)),
  ),
  invert: option.boolean,
};

/**
 * Settings in full.
 * @param options what is given; the rest is taken from `base`
 * @param source the package that asks, for messages
 * @throws BitgradError `invalid-option`
 */
export function pictureSettings(
  options: PictureOptions = {},
  base: PictureSettings = defaultPicture,
  source = 'bits',
): PictureSettings {
  const {
    fit = base.fit,
    background = base.background,
    invert = base.invert,
  } = checkOptions(source, 'the picture', options, pictureRules);
  return {
    fit,
    background: typeof background === 'number' ? [background, background, background] : background,
    invert,
  };
}
