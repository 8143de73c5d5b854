// PNG by pngjs and JPEG by jpeg-js, told apart by their first bytes. Both libraries throw plain errors; they become
// typed ones here, and declared sizes are checked before anything is allocated for them.
import { inflateSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { BitgradError } from '@bitgrad/core';
import { fileFailure } from '../errors.js';
import type { RgbaImage } from '../images.js';

/** Largest number of pixels that {@link decodeImage} decodes by default. */
export const defaultMaxPixels = 2 ** 25;

const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const startsWith = (bytes: Uint8Array, start: readonly number[]): boolean =>
  start.every((byte, i) => bytes[i] === byte);

/**
 * Decodes a PNG or JPEG file; the contents decide, not the extension.
 * @param file name for messages
 * @param bytes the file
 * @param maxPixels default 2^25 (32 megapixels)
 * @returns uint8 [height, width, 4]; 16-bit channels are reduced to 8
 * @throws BitgradError naming the file: `invalid-file`, `truncated-file`, `limit-exceeded`
 */
export function decodeImage(file: string, bytes: Uint8Array, maxPixels = defaultMaxPixels): RgbaImage {
  const decode = startsWith(bytes, pngSignature)
    ? decodePng
    : startsWith(bytes, [0xff, 0xd8, 0xff])
      ? decodeJpeg
      : undefined;
  if (bytes.length === 0) throw fileFailure('truncated-file', file, 0, 'the file is empty');
  if (decode === undefined)
    throw fileFailure('invalid-file', file, 0, 'neither a PNG nor a JPEG file', {
      got: Array.from(bytes.subarray(0, 4), (b) => b.toString(16).padStart(2, '0')).join(' '),
      expected: '89 50 4e 47 (PNG) or ff d8 ff (JPEG)',
    });
  try {
    return decode(file, bytes, maxPixels);
  } catch (cause) {
    if (cause instanceof BitgradError) throw cause;
    const cut = decode === decodeJpeg && !hasEnd(bytes);
    throw fileFailure(
      cut ? 'truncated-file' : 'invalid-file',
      file,
      undefined,
      'the picture cannot be decoded',
      {
        got: cause instanceof Error ? cause.message : String(cause),
        expected: cut ? 'an end-of-image marker (ff d9)' : 'a valid PNG or JPEG file',
        cause,
      },
    );
  }
}

/** Whether a JPEG file has its end-of-image marker. */
const hasEnd = (bytes: Uint8Array): boolean => {
  for (let i = bytes.length - 2; i >= 0; i--) if (bytes[i] === 0xff && bytes[i + 1] === 0xd9) return true;
  return false;
};

const tooLarge = (file: string, width: number, height: number, maxPixels: number) =>
  fileFailure('limit-exceeded', file, undefined, 'number of pixels', {
    got: `${width} x ${height}`,
    expected: `at most ${maxPixels}`,
  });

const decodePng = (file: string, bytes: Uint8Array, maxPixels: number): RgbaImage => {
  if (bytes.length < 33)
    throw fileFailure('truncated-file', file, bytes.length, 'the PNG header is incomplete');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width * height > maxPixels) throw tooLarge(file, width, height, maxPixels);
  const compressed = compressedData(file, view);
  if (bytes[28] === 1) checkInterlaced(file, compressed, maxPixels);
  const { data } = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return { width, height, data };
};

/** Walks the chunks up to IEND and returns the contents of the IDAT ones. */
const compressedData = (file: string, view: DataView): Uint8Array[] => {
  const parts: Uint8Array[] = [];
  for (let at = 8; ;) {
    const length = at + 12 <= view.byteLength ? view.getUint32(at) : 0;
    if (at + 12 + length > view.byteLength)
      throw fileFailure('truncated-file', file, at, 'a PNG chunk is incomplete', {
        got: `${view.byteLength - at} bytes`,
        expected: `${12 + length}`,
      });
    const type = view.getUint32(at + 4);
    if (type === 0x49454e44) return parts;
    if (type === 0x49444154) parts.push(new Uint8Array(view.buffer, view.byteOffset + at + 8, length));
    at += 12 + length;
  }
};

/** pngjs inflates interlaced pictures without a bound, so what they inflate to is measured first. */
const checkInterlaced = (file: string, compressed: readonly Uint8Array[], maxPixels: number): void => {
  try {
    // 8 bytes a pixel at most, and a filter byte for each row of each pass.
    inflateSync(Buffer.concat(compressed), { maxOutputLength: maxPixels * 9 + 64 });
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE') throw cause;
    throw fileFailure('limit-exceeded', file, undefined, 'the interlaced PNG inflates to too much', {
      expected: `at most ${maxPixels} pixels`,
      cause,
    });
  }
};

const decodeJpeg = (file: string, bytes: Uint8Array, maxPixels: number): RgbaImage => {
  try {
    const { width, height, data } = jpeg.decode(bytes, {
      useTArray: true,
      formatAsRGBA: true,
      tolerantDecoding: false,
      maxResolutionInMP: maxPixels / 1e6,
      maxMemoryUsageInMB: 64 + (maxPixels * 16) / 2 ** 20,
    });
    return { width, height, data };
  } catch (cause) {
    if (cause instanceof Error && /limit exceeded/.test(cause.message))
      throw fileFailure('limit-exceeded', file, undefined, 'size of the JPEG picture', {
        got: cause.message,
        expected: `at most ${maxPixels} pixels`,
        cause,
      });
    throw cause;
  }
};
