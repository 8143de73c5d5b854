// From pixels to a model's input: the same numbers as in training, without a dependency on the DOM.
import {
  byteNormalizer,
  checkOptions,
  checkPixels,
  checkValue,
  defaultPicture,
  defaultPictureBytes,
  normalizationRules,
  option,
  pictureBytes,
  pictureRules,
  pictureSettings,
  type PictureOptions,
  type PictureSettings,
  type SoundSettings,
  type PictureShape,
  type Pixels,
} from '@bitgrad/bits';
import type { InputArray } from './engine.js';
import { check, failure } from './fail.js';
import type { InputNormalization } from './model.js';
import type { BufferSpec } from './plan.js';

/** A canvas, in the page or off-screen. */
export interface CanvasLike {
  width: number;
  height: number;
  getContext(type: '2d'): unknown;
}

/** Options of {@link imageInput}: what is given here is used instead of the settings of the training. */
export interface ImageOptions extends PictureOptions {
  /** Most bytes of memory besides the picture itself; default 2^28 (256 MiB). */
  readonly maxBytes?: number;
}

/** What {@link imageInput} needs to know about a model; a loaded `Model` has it. */
export interface ImageTarget {
  input: BufferSpec;
  metadata?: { normalization?: InputNormalization; picture?: PictureSettings; sound?: SoundSettings };
}

const isCanvas = (image: unknown): image is CanvasLike =>
  typeof (image as CanvasLike | undefined)?.getContext === 'function';

/** The pixels of a canvas, in sRGB whatever its own colour space is. */
function readCanvas(canvas: CanvasLike): Pixels {
  const { width, height } = canvas;
  check(
    width >= 1 && height >= 1,
    'shape-mismatch',
    'size of the image (width, height)',
    [width, height],
    'at least 1 x 1',
  );
  const context = canvas.getContext('2d') as { getImageData: (...box: unknown[]) => Pixels } | null;
  check(
    context !== null,
    'invalid-option',
    'canvas',
    'one without a 2d context',
    'a canvas with a 2d context',
  );
  try {
    return context.getImageData(0, 0, width, height, { colorSpace: 'srgb' });
  } catch (cause) {
    throw failure('io', {
      what: 'the pixels of the canvas cannot be read',
      got: (cause as Error).message,
      next: 'A picture of another origin must be loaded with crossOrigin = "anonymous" from a server that allows it.',
      cause,
    });
  }
}

const byteRule = option.required(
  option.of('an array of bytes', (v) => Array.isArray(v) || ArrayBuffer.isView(v)),
);
const channelRule = option.required(option.integer(1));

/**
 * Bytes to the floats of training: (byte - mean[c]) * (1 / std[c]), each step rounded to float32 as in a packed model that
 * takes bytes.
 * @param bytes row-major, channels innermost
 * @param channels number of channels
 * @param normalization means and deviations in units of bytes, one for all or one for each channel; the default is that
 *   of @bitgrad/datasets: byte / 127.5 - 1
 * @throws BitgradError `invalid-option`, `shape-mismatch`
 */
export function normalizeBytes(
  bytes: ArrayLike<number>,
  channels: number,
  normalization: InputNormalization = { mean: [127.5], std: [127.5] },
): Float32Array {
  const { mean, std } = checkOptions('runtime', 'the normalization', normalization, normalizationRules);
  checkValue('runtime', 'bytes', bytes, byteRule);
  checkValue('runtime', 'number of channels', channels, channelRule);
  for (const list of [mean, std])
    check(
      list.length === 1 || list.length === channels,
      'shape-mismatch',
      'length of the normalization',
      list.length,
      `1 or ${channels}`,
    );
  const floatOf = byteNormalizer({ mean, std });
  const out = new Float32Array(bytes.length);
  for (let i = 0; i < out.length; i++) out[i] = floatOf(bytes[i]!, i % channels);
  return out;
}

/**
 * Turns an image into a model's input as training made its pictures: composed over the background, brought to the model's
 * height and width (`metadata.picture` says how; a file without it means `cover` over white), color to gray where the model
 * has one channel, rounded to bytes and, for `f32` models, normalized.
 * @param image ImageData, a canvas, or { data, width, height } with 1, 3 or 4 bytes a pixel
 * @param target a loaded model, or its input (shape [height, width, 1 | 3 | 4]) and metadata
 * @returns [height, width, channels], Uint8Array or Float32Array as the model takes
 * @throws BitgradError `invalid-option`, `shape-mismatch`; `incompatible` for a model of sound; `io` for a canvas that cannot be read; `limit-exceeded` before
 *   more memory is taken than `maxBytes`
 */
export function imageInput(
  image: Pixels | CanvasLike,
  target: ImageTarget,
  options: ImageOptions = {},
): InputArray {
  const { maxBytes = defaultPictureBytes, ...own } = checkOptions(
    'runtime',
    'imageInput',
    options,
    imageRules,
  );
  const { input, metadata } = (target ?? {}) as Partial<ImageTarget>;
  check(
    Array.isArray(input?.shape),
    'invalid-option',
    'model of imageInput',
    target ?? String(target),
    'what loadModel gives, or { input, metadata }',
  );
  const { type, shape } = input!;
  check(
    shape.length === 3 && [1, 3, 4].includes(shape[2]!),
    'shape-mismatch',
    'input shape of the model',
    shape,
    '[height, width, 1, 3 or 4]',
    'This model does not take images; pass an array.',
  );
  check(
    !metadata?.sound,
    'incompatible',
    'model of imageInput',
    'one that was trained on sound',
    'a model of pictures',
    'soundInput makes its input from samples.',
  );
  const [height, width, channels] = shape as unknown as PictureShape;
  // Of the floats, that are made of the bytes.
  const floats = type === 'u8' ? 0 : 4 * height * width * channels;
  const pixels = isCanvas(image) ? readCanvas(image) : image;
  checkPixels(pixels, 'runtime');
  const bytes = pictureBytes(
    pixels,
    [height, width, channels],
    pictureSettings(own, metadata?.picture ?? defaultPicture, 'runtime'),
    { source: 'runtime', maxBytes: maxBytes - floats },
  );
  return type === 'u8' ? bytes : normalizeBytes(bytes, channels, metadata?.normalization);
}

const imageRules = { ...pictureRules, maxBytes: option.integer(1) };
