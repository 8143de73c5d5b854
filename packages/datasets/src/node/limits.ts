// What a picture may ask for, checked before its decoder takes memory.
import { fileFailure } from '../errors.js';

/** Largest number of pixels that `decodeImage` decodes by default: 32 megapixels. */
export const defaultMaxPixels = 2 ** 25;

/** @throws BitgradError `invalid-file` for a size of 0, `limit-exceeded` */
export function checkPixelCount(file: string, width: number, height: number, maxPixels: number): void {
  if (!(width > 0 && height > 0))
    throw fileFailure('invalid-file', file, undefined, 'size of the picture', {
      got: `${width} x ${height}`,
      expected: 'at least 1 x 1',
    });
  if (width * height > maxPixels)
    throw fileFailure('limit-exceeded', file, undefined, 'number of pixels', {
      got: `${width} x ${height}`,
      expected: `at most ${maxPixels}`,
    });
}
