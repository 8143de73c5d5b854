// JPEG by jpeg-js, loaded when such a file comes: baseline and progressive, grey, colour, CMYK and YCCK, upright as the EXIF
// orientation says.
import { createRequire } from 'node:module';
import type Jpeg from 'jpeg-js';
import { orientPixels, type Pixels } from '@bitgrad/core';
import { fileFailure } from '../errors.js';
import { exifOrientation } from './exif.js';

const require = createRequire(import.meta.url);

/** More scans than any encoder writes (jpegtran's scripts have ten): each is a pass over the whole picture. */
const mostScans = 256;

/** What the application segments say; the decoder's own reading of them is not enough. */
interface Segments {
  readonly orientation: number;
  /** Adobe's mark: 0 means that colours are stored as they are; undefined without the mark. */
  readonly transform: number | undefined;
}

const ascii = (bytes: Uint8Array, at: number, text: string): boolean =>
  [...text].every((c, i) => bytes[at + i] === c.charCodeAt(0));

/** Reads the segments before the first scan. */
function readSegments(bytes: Uint8Array): Segments {
  let [orientation, transform]: [number, number | undefined] = [1, undefined];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!;
    // Fill bytes may stand before a marker.
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xda) break;
    const end = at + 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (marker === 0xe1 && ascii(bytes, at + 4, 'Exif\0\0') && end <= bytes.length)
      orientation = exifOrientation(bytes.subarray(at + 10, end));
    if (marker === 0xee && ascii(bytes, at + 4, 'Adobe')) transform = bytes[at + 15];
    at = end;
  }
  return { orientation, transform };
}

const scans = (bytes: Uint8Array): number => {
  let count = 0;
  for (let i = bytes.indexOf(0xff); i >= 0; i = bytes.indexOf(0xff, i + 1))
    if (bytes[i + 1] === 0xda) count++;
  return count;
};

/** Whether a JPEG file has its end-of-image marker. */
export const hasEnd = (bytes: Uint8Array): boolean => {
  for (let i = bytes.length - 2; i >= 0; i--) if (bytes[i] === 0xff && bytes[i + 1] === 0xd9) return true;
  return false;
};

/** @throws BitgradError `limit-exceeded`, or what jpeg-js throws */
export function decodeJpeg(file: string, bytes: Uint8Array, maxPixels: number): Pixels {
  if (scans(bytes) > mostScans)
    throw fileFailure('limit-exceeded', file, undefined, 'scans of the JPEG picture', {
      got: scans(bytes),
      expected: `at most ${mostScans}`,
    });
  const { orientation, transform } = readSegments(bytes);
  try {
    const { width, height, data } = (require('jpeg-js') as typeof Jpeg).decode(bytes, {
      useTArray: true,
      formatAsRGBA: true,
      tolerantDecoding: false,
      colorTransform: transform === undefined ? undefined : transform > 0,
      maxResolutionInMP: maxPixels / 1e6,
      maxMemoryUsageInMB: 64 + (maxPixels * 16) / 2 ** 20,
    });
    return orientPixels({ width, height, data }, orientation);
  } catch (cause) {
    if (cause instanceof Error && /limit exceeded/.test(cause.message))
      throw fileFailure('limit-exceeded', file, undefined, 'size of the JPEG picture', {
        got: cause.message,
        expected: `at most ${maxPixels} pixels`,
        cause,
      });
    throw cause;
  }
}
