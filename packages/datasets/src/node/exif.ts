// The orientation of a photo: tag 0x0112 in the first directory of its EXIF data, which is a TIFF file (TIFF 6.0, section 2;
// EXIF 2.32, 4.6.4). Data that is not what it should be has none: the picture is shown as it is stored, as viewers do.

const orientationTag = 0x0112;
const shortType = 3;

/**
 * Reads the orientation.
 * @param exif the TIFF part, without `Exif\0\0`
 * @returns 1 to 8; 1 where there is none
 */
export function exifOrientation(exif: Uint8Array): number {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  if (exif.length < 8) return 1;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const little = order === 0x4949;
  const directory = view.getUint32(4, little);
  if (view.getUint16(2, little) !== 42 || directory + 2 > exif.length) return 1;
  const count = view.getUint16(directory, little);
  for (let i = 0; i < count; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > exif.length) return 1;
    if (view.getUint16(at, little) !== orientationTag || view.getUint16(at + 2, little) !== shortType)
      continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
