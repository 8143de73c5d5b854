// Pictures from files, told apart by their first bytes. The libraries throw plain errors; they become typed ones here, and
// declared sizes are checked before anything is allocated for them.
import { BitgradError, checkValue, option, type Pixels } from '@bitgrad/core';
import { failure, fileFailure } from '../errors.js';
import { decodeJpeg, hasEnd } from './jpeg.js';
import { defaultMaxPixels } from './limits.js';
import { decodePng, pngSignature } from './png.js';
import { decodeBmp, decodeGif, decodeWebp } from './wasm-formats.js';

interface Format {
  readonly name: string;
  readonly starts: (bytes: Uint8Array) => boolean;
  readonly decode: (file: string, bytes: Uint8Array, maxPixels: number) => Pixels;
}

const has = (bytes: Uint8Array, start: readonly number[] | string, at = 0): boolean =>
  [...start].every((byte, i) => bytes[at + i] === (typeof byte === 'string' ? byte.charCodeAt(0) : byte));

const formats: readonly Format[] = [
  { name: 'PNG', starts: (b) => has(b, pngSignature), decode: decodePng },
  { name: 'JPEG', starts: (b) => has(b, [0xff, 0xd8, 0xff]), decode: decodeJpeg },
  { name: 'WebP', starts: (b) => has(b, 'RIFF') && has(b, 'WEBP', 8), decode: decodeWebp },
  { name: 'GIF', starts: (b) => has(b, 'GIF87a') || has(b, 'GIF89a'), decode: decodeGif },
  { name: 'BMP', starts: (b) => has(b, 'BM'), decode: decodeBmp },
];

const names = 'PNG, JPEG, WebP, GIF or BMP';

/** What a file looks like that is no picture; undefined when nothing is known of it. */
const likeness = (bytes: Uint8Array): string | undefined => {
  const start = Buffer.from(bytes.subarray(0, 64)).toString('latin1').trimStart().toLowerCase();
  if (/^<(!doctype|html)/.test(start)) return 'a web page';
  if (start.startsWith('version https://git-lfs')) return 'a pointer of Git LFS';
  if (/^.{4}ftyp/.test(start)) return 'a HEIC, AVIF or video file';
  return /^(ii\*\0|mm\0\*)/.test(start) ? 'a TIFF file' : undefined;
};

/**
 * Decodes a picture; the contents decide, not the extension. Photos are turned upright as their EXIF orientation says; of a
 * GIF the first picture is taken. Colour profiles are not applied.
 * @param file name for messages
 * @param bytes the file: PNG, JPEG (also CMYK), WebP, GIF or BMP
 * @param maxPixels default 2^25 (32 megapixels)
 * @returns uint8 [height, width, 4]; 16-bit channels are reduced to 8
 * @throws BitgradError naming the file: `invalid-file`, `truncated-file`, `limit-exceeded`; `invalid-option`
 */
export function decodeImage(file: string, bytes: Uint8Array, maxPixels = defaultMaxPixels): Pixels {
  checkValue('datasets', 'name of the file', file, option.required(option.string));
  if (!(bytes instanceof Uint8Array))
    throw failure('invalid-option', {
      what: `bytes of ${file}`,
      got: bytes ?? 'nothing',
      expected: 'a Uint8Array',
    });
  checkValue('datasets', 'maxPixels', maxPixels, option.integer(1));
  if (bytes.length === 0) throw fileFailure('truncated-file', file, 0, 'the file is empty');
  const format = formats.find(({ starts }) => starts(bytes));
  if (format === undefined)
    throw fileFailure('invalid-file', file, 0, `no picture: neither ${names.replace(' or', ' nor')}`, {
      got:
        likeness(bytes) ??
        `first bytes ${Array.from(bytes.subarray(0, 4), (b) => b.toString(16).padStart(2, '0')).join(' ')}`,
      expected: `a ${names} file`,
    });
  try {
    return format.decode(file, bytes, maxPixels);
  } catch (cause) {
    if (cause instanceof BitgradError) throw cause;
    const cut = format.decode === decodeJpeg && !hasEnd(bytes);
    throw fileFailure(
      cut ? 'truncated-file' : 'invalid-file',
      file,
      undefined,
      'the picture cannot be decoded',
      {
        got: cause instanceof Error ? cause.message : String(cause),
        expected: cut ? 'an end-of-image marker (ff d9)' : `a valid ${format.name} file`,
        cause,
      },
    );
  }
}
