// From pixels to a model's input: the same numbers as in training, without a dependency on the DOM.
import type { InputArray, OutputArray } from './engine.js';
import { check } from './fail.js';
import type { InputNormalization } from './model.js';
import type { BufferSpec } from './plan.js';

/** Pixels: ImageData, or any object of this form; 1 (gray), 3 (RGB) or 4 (RGBA) bytes a pixel, row-major. */
export interface Pixels {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
}

/** A canvas, in the page or off-screen. */
export interface CanvasLike {
  width: number;
  height: number;
  getContext(type: '2d'): unknown;
}

/** Options of {@link imageInput}. */
export interface ImageOptions {
  /** Uses 255 - byte: for dark strokes on light paper where training had light on dark (default false). */
  invert?: boolean;
  /** Byte shown through transparent pixels (default 255, white). */
  background?: number;
}

/** What {@link imageInput} needs to know about a model; a loaded `Model` has it. */
export interface ImageTarget {
  input: BufferSpec;
  metadata?: { normalization?: InputNormalization };
}

const readPixels = (image: Pixels | CanvasLike): Pixels => {
  if (!('getContext' in image)) return image;
  const context = image.getContext('2d') as { getImageData: (...box: number[]) => Pixels } | null;
  check(
    context !== null,
    'invalid-option',
    'canvas',
    'one without a 2d context',
    'a canvas with a 2d context',
  );
  return context.getImageData(0, 0, image.width, image.height);
};

/** Planes of the wanted channels, as doubles 0..255, over the background. */
function toChannels({ data, width, height }: Pixels, channels: number, background: number): Float64Array {
  const from = data.length / (width * height);
  check(
    [1, 3, 4].includes(from),
    'shape-mismatch',
    'bytes of the image',
    data.length,
    `1, 3 or 4 times ${width * height}`,
  );
  const out = new Float64Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const alpha = from === 4 ? data[i * 4 + 3]! / 255 : 1;
    const channel = (c: number): number =>
      data[i * from + (from === 1 ? 0 : c)]! * alpha + background * (1 - alpha);
    // Luma of ITU-R BT.601.
    if (channels === 1)
      out[i] = from === 1 ? channel(0) : 0.299 * channel(0) + 0.587 * channel(1) + 0.114 * channel(2);
    else for (let c = 0; c < channels; c++) out[i * channels + c] = c < 3 ? channel(c) : 255 * alpha;
  }
  return out;
}

/**
 * Resizes one axis: each output is the average of inputs under a triangle centred on it, whose half-width is one
 * pixel of the coarser grid: bilinear when enlarging, antialiased when shrinking, the identity at equal sizes.
 */
function resizeAxis(
  data: Float64Array,
  outer: number,
  size: number,
  inner: number,
  target: number,
): Float64Array {
  if (size === target) return data;
  const out = new Float64Array(outer * target * inner);
  const ratio = size / target;
  const reach = Math.max(1, ratio);
  for (let t = 0; t < target; t++) {
    const center = (t + 0.5) * ratio - 0.5;
    const first = Math.max(0, Math.ceil(center - reach));
    const last = Math.min(size - 1, Math.floor(center + reach));
    let total = 0;
    for (let s = first; s <= last; s++) total += 1 - Math.abs(s - center) / reach;
    for (let s = first; s <= last; s++) {
      const weight = (1 - Math.abs(s - center) / reach) / total;
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++)
          out[(o * target + t) * inner + i]! += weight * data[(o * size + s) * inner + i]!;
    }
  }
  return out;
}

/**
 * Bytes to the floats of training: (byte - mean[c]) * (1 / std[c]), each step rounded to float32 as in a packed model that
 * takes bytes.
 * @param bytes row-major, channels innermost
 * @param channels number of channels
 * @param normalization means and deviations in units of bytes, one for all or one for each channel; the default is that
 *   of @bitgrad/datasets: byte / 127.5 - 1
 */
export function normalizeBytes(
  bytes: ArrayLike<number>,
  channels: number,
  { mean, std }: InputNormalization = { mean: [127.5], std: [127.5] },
): Float32Array {
  for (const list of [mean, std])
    check(
      list.length === 1 || list.length === channels,
      'shape-mismatch',
      'length of the normalization',
      list.length,
      `1 or ${channels}`,
    );
  const centre = Float32Array.from(mean);
  const factor = Float32Array.from(std, (v) => 1 / v);
  return Float32Array.from(bytes, (byte, i) => {
    const c = i % channels;
    return Math.fround(byte - centre[c % centre.length]!) * factor[c % factor.length]!;
  });
}

/**
 * Turns an image into a model's input: transparency over the background, color to gray where the model has one
 * channel, resizing (bilinear, antialiased) to the model's height and width, optional inversion, rounding to
 * bytes and, for `f32` models, the normalization of training.
 * @param image ImageData, a canvas, or { data, width, height } with 1, 3 or 4 bytes a pixel
 * @param target a loaded model, or its input (shape [height, width, 1 | 3 | 4]) and metadata
 * @throws BitgradError `shape-mismatch`, `invalid-option`
 */
export function imageInput(
  image: Pixels | CanvasLike,
  { input, metadata }: ImageTarget,
  { invert = false, background = 255 }: ImageOptions = {},
): InputArray {
  const [height, width, channels] = input.shape as [number, number, number];
  check(
    input.shape.length === 3 && [1, 3, 4].includes(channels),
    'shape-mismatch',
    'input shape of the model',
    input.shape,
    '[height, width, 1, 3 or 4]',
    'This model does not take images; pass an array.',
  );
  const pixels = readPixels(image);
  check(
    pixels.width >= 1 && pixels.height >= 1,
    'shape-mismatch',
    'size of the image',
    [pixels.width, pixels.height],
    'at least 1 x 1',
  );
  const planes = toChannels(pixels, channels, background);
  const wide = resizeAxis(planes, pixels.height, pixels.width, channels, width);
  const sized = resizeAxis(wide, 1, pixels.height, width * channels, height);
  const bytes = Uint8Array.from(sized, (v) => Math.round(invert ? 255 - v : v));
  return input.type === 'u8' ? bytes : normalizeBytes(bytes, channels, metadata?.normalization);
}

/** One class of a prediction. */
export interface ClassScore {
  index: number;
  /** From the model's class names, else the index. */
  name: string;
  /** Softmax of the logits, 0 to 1. */
  probability: number;
}

/**
 * The most probable classes of one example, best first.
 * @param logits the output for one example
 * @param classes class names, for example `model.metadata.classes`
 * @param top how many (default 5)
 */
export function topClasses(logits: OutputArray, classes: readonly string[] = [], top = 5): ClassScore[] {
  const scores = Array.from(logits);
  const max = Math.max(...scores);
  const powers = scores.map((v) => Math.exp(v - max));
  const total = powers.reduce((sum, v) => sum + v, 0);
  return powers
    .map((power, index) => ({ index, name: classes[index] ?? String(index), probability: power / total }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, top);
}
