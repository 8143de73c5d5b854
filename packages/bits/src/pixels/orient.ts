// Turning a picture upright as its EXIF orientation says (tag 0x0112 of EXIF 2.32, section 4.6.4).
import { checkPixels, type Pixels } from './pixels.js';

/**
 * The picture as it is meant to be seen.
 * @param orientation where row 0 and column 0 of the stored picture belong, 1 (as stored) to 8; others mean 1
 * @returns pixels with the same bytes a pixel; the same object for 1
 * @throws BitgradError as {@link checkPixels}
 */
export function orientPixels<T extends Pixels>(image: T, orientation: number): Pixels {
  checkPixels(image);
  if (!Number.isInteger(orientation) || orientation < 2 || orientation > 8) return image;
  const { data, width, height } = image;
  const bytes = data.length / (width * height);
  // 5 to 8 are stored by columns; of the rest and of them, these run from the right, and these from below.
  const turned = orientation >= 5;
  const [fromRight, fromBelow] = [[2, 3, 7, 8].includes(orientation), [3, 4, 6, 7].includes(orientation)];
  const [outWidth, outHeight] = turned ? [height, width] : [width, height];
  const out = new Uint8Array(data.length);
  for (let y = 0; y < outHeight; y++)
    for (let x = 0; x < outWidth; x++) {
      const [column, row] = turned ? [y, x] : [x, y];
      const at =
        ((fromBelow ? height - 1 - row : row) * width + (fromRight ? width - 1 - column : column)) * bytes;
      for (let c = 0; c < bytes; c++) out[(y * outWidth + x) * bytes + c] = data[at + c]!;
    }
  return { data: out, width: outWidth, height: outHeight };
}
