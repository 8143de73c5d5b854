// The one way from decoded pixels to bytes of a shape: training data, `imageInput` and the command are views of it.
// A row of the picture at a time, so that a photo takes little more memory than its own pixels.
import { BitgradError, type ErrorCode } from '../errors.js';
import { createFilters, filterSize, widest, type Filters } from './filter.js';
import { checkOptions, checkValue, option, type OptionRules } from '../options.js';
import { defaultPicture, pictureSettings, type PictureSettings } from './settings.js';

/** Pixels: ImageData, or any object of this form; 1 (grey), 3 (RGB) or 4 (RGBA) bytes a pixel, row-major. */
export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** Height, width and channels: 1 (grey: luma of ITU-R BT.601), 3 (RGB) or 4 (RGB and the opacity). */
export type PictureShape = readonly [height: number, width: number, channels: number];

/** How {@link pictureBytes} names its caller, and what it may take. */
export interface PictureCall {
  /** The package, for messages; default `bits`. */
  readonly source?: string;
  /** Most bytes of memory besides the pixels given; default 2^28 (256 MiB). */
  readonly maxBytes?: number;
}

/** Default of {@link PictureCall.maxBytes}. */
export const defaultPictureBytes = 2 ** 28;

const isSide = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;

/** @throws BitgradError `invalid-option` for what is no picture; `shape-mismatch` when the data does not fit the size */
export function checkPixels(image: Pixels, source = 'bits'): void {
  const fail = (code: ErrorCode, what: string, got: unknown, expected: string, next?: string): never => {
    throw new BitgradError({ code, source, what, got, expected, next });
  };
  const { data, width, height } = (image ?? {}) as Partial<Pixels>;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray))
    return fail(
      'invalid-option',
      'image',
      ArrayBuffer.isView(data) ? `pixels as ${String(describe(data))}` : describe(image),
      'ImageData, or { data, width, height } with bytes (Uint8Array or Uint8ClampedArray)',
      nextStep(image),
    );
  if (!isSide(width) || !isSide(height))
    fail('shape-mismatch', 'size of the image (width, height)', [width, height], 'at least 1 x 1');
  const pixels = width! * height!;
  if (![1, 3, 4].some((bytes) => data.length === bytes * pixels))
    fail(
      'shape-mismatch',
      `bytes of the image of ${width} x ${height} pixels`,
      data.length,
      `${pixels}, ${3 * pixels} or ${4 * pixels} (grey, RGB or RGBA)`,
    );
}

const describe = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.prototype.toString.call(value).slice(8, -1)
    : (value ?? String(value));

/** What to do with what people pass instead of pixels. */
const nextStep = (value: unknown): string => {
  if (typeof value === 'string' || describe(value) === 'URL')
    return 'Decode the file first: by a canvas in a browser, by decodeImage of @bitgrad/datasets/node in Node.';
  if (typeof value === 'object' && value !== null && 'data' in value) return 'Give bytes from 0 to 255.';
  return typeof value === 'object' && value !== null
    ? 'Draw it on a canvas (drawImage) and pass the canvas, or its ImageData.'
    : 'Pass the picture to be classified.';
};

const callRules: OptionRules<PictureCall> = { source: option.string, maxBytes: option.integer() };
const shapeRule = option.required(
  option.of(
    '[height, width, channels], channels 1, 3 or 4',
    (v) => Array.isArray(v) && v.length === 3 && v.every(isSide) && [1, 3, 4].includes(v[2] as number),
  ),
);

/**
 * Brings a picture to a shape: composed over the background, cut or padded as `fit` says, resampled by a triangle
 * filter (bilinear when enlarging, antialiased when shrinking, the identity at equal sizes), inverted, rounded.
 * @param image uint8 [height, width, 1 | 3 | 4], upright ({@link orientPixels})
 * @param shape of the result
 * @returns uint8 [height, width, channels]
 * @throws BitgradError as {@link checkPixels}; `invalid-option`; `limit-exceeded` before more memory is taken than allowed
 */
export function pictureBytes(
  image: Pixels,
  shape: PictureShape,
  settings: PictureSettings = defaultPicture,
  call: PictureCall = {},
): Uint8Array {
  const { source = 'bits', maxBytes = defaultPictureBytes } = checkOptions(
    'bits',
    'pictureBytes',
    call,
    callRules,
  );
  checkPixels(image, source);
  checkValue(source, 'shape of the picture', shape, shapeRule);
  const [height, width, channels] = shape;
  const whole = pictureSettings(settings, defaultPicture, source);
  const { fit } = whole;
  const ratios = [image.width / width, image.height / height] as const;
  const cut = fit === 'cover' ? Math.min(...ratios) : undefined;
  const [cropWidth, cropHeight] =
    cut === undefined ? [image.width, image.height] : [width * cut, height * cut];
  const shown = fit === 'contain' ? Math.max(...ratios) : undefined;
  const inner = (side: number, most: number): number =>
    shown === undefined ? most : Math.min(most, Math.max(1, Math.round(side / shown)));
  const [innerWidth, innerHeight] = [inner(image.width, width), inner(image.height, height)];
  const needed =
    height * width * channels +
    8 * (innerWidth + filterSize(innerWidth, cropWidth, image.width)) +
    8 * (innerHeight + filterSize(innerHeight, cropHeight, image.height)) +
    4 *
      channels *
      (image.width + innerWidth * Math.min(image.height, 2 * Math.ceil(cropHeight / innerHeight) + 3));
  if (!(needed <= maxBytes))
    throw new BitgradError({
      code: 'limit-exceeded',
      source,
      what: `memory for a picture of ${image.width} x ${image.height} at shape [${shape.join(', ')}]`,
      got: `${needed} bytes`,
      expected: `at most ${maxBytes}`,
    });
  const columns = createFilters(innerWidth, (image.width - cropWidth) / 2, cropWidth, image.width);
  const rows = createFilters(innerHeight, (image.height - cropHeight) / 2, cropHeight, image.height);
  const result = new Uint8Array(height * width * channels);
  if (innerWidth < width || innerHeight < height) fill(result, channels, whole);
  const [top, left] = [(height - innerHeight) >> 1, (width - innerWidth) >> 1];
  resample(image, columns, rows, whole, {
    bytes: result,
    channels,
    offset: (top * width + left) * channels,
    stride: width * channels,
  });
  return result;
}

const luma = (r: number, g: number, b: number): number => 0.299 * r + 0.587 * g + 0.114 * b;

/** The background, where no picture is; its opacity is 0. */
function fill(bytes: Uint8Array, channels: number, { background, invert }: PictureSettings): void {
  const colour = channels === 1 ? [Math.fround(luma(...background))] : [...background, 0];
  const rounded = colour.map((v) => Math.round(invert ? 255 - v : v));
  for (let i = 0; i < bytes.length; i++) bytes[i] = rounded[i % channels]!;
}

/** A row of the picture as floats 0..255 of the wanted channels, over the background. */
function readRow(
  { data, width, height }: Pixels,
  y: number,
  channels: number,
  background: PictureSettings['background'],
  row: Float32Array,
): void {
  const from = data.length / (width * height);
  const [green, blue] = from === 1 ? [0, 0] : [1, 2];
  const [br, bg, bb] = background;
  for (let x = 0; x < width; x++) {
    const at = (y * width + x) * from;
    let [r, g, b, alpha] = [data[at]!, data[at + green]!, data[at + blue]!, 1];
    if (from === 4 && data[at + 3]! < 255) {
      alpha = data[at + 3]! / 255;
      r = r * alpha + br * (1 - alpha);
      g = g * alpha + bg * (1 - alpha);
      b = b * alpha + bb * (1 - alpha);
    }
    const to = x * channels;
    if (channels === 1) row[to] = luma(r, g, b);
    else {
      row[to] = r;
      row[to + 1] = g;
      row[to + 2] = b;
      if (channels === 4) row[to + 3] = 255 * alpha;
    }
  }
}

/** A box of the result. */
interface Target {
  readonly bytes: Uint8Array;
  readonly channels: number;
  readonly offset: number;
  readonly stride: number;
}

/** Horizontal, then vertical; rows that were shrunk are kept in a ring as long as an output needs them. */
function resample(
  image: Pixels,
  columns: Filters,
  rows: Filters,
  { background, invert }: PictureSettings,
  { bytes, channels, offset, stride }: Target,
): void {
  const width = columns.first.length * channels;
  const ring = Array.from({ length: widest(rows) }, () => new Float32Array(width));
  const row = new Float32Array(image.width * channels);
  let next = rows.first[0]!;
  for (let y = 0; y < rows.first.length; y++) {
    const [first, start, end] = [rows.first[y]!, rows.start[y]!, rows.start[y + 1]!];
    for (next = Math.max(next, first); next < first + end - start; next++) {
      readRow(image, next, channels, background, row);
      shrinkRow(row, columns, channels, ring[next % ring.length]!);
    }
    for (let i = 0; i < width; i++) {
      let sum = 0;
      for (let k = start; k < end; k++)
        sum += rows.weights[k]! * ring[(first + k - start) % ring.length]![i]!;
      bytes[offset + y * stride + i] = Math.round(invert ? 255 - sum : sum);
    }
  }
}

function shrinkRow(
  row: Float32Array,
  { first, start, weights }: Filters,
  channels: number,
  out: Float32Array,
): void {
  for (let x = 0; x < first.length; x++)
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      let at = first[x]! * channels + c;
      for (let k = start[x]!; k < start[x + 1]!; k++, at += channels) sum += weights[k]! * row[at]!;
      out[x * channels + c] = sum;
    }
}
