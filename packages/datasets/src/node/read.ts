// One picture file to the bytes of a form.
import { checkValue, option, type Pixels } from '@bitgrad/core';
import { formImage, type ImageForm } from '../images.js';
import { decodeImage } from './decode.js';
import { readNamed } from './files.js';
import { defaultMaxPixels } from './limits.js';

/**
 * Reads and decodes a picture: `decodeImage` of a file.
 * @param path a regular file
 * @param maxPixels default 2^25 (32 megapixels)
 * @returns uint8 [height, width, 4]
 * @throws BitgradError `io`, and as {@link decodeImage}
 */
export async function readImage(path: string, maxPixels = defaultMaxPixels): Promise<Pixels> {
  checkValue('datasets', 'path of the picture', path, option.required(option.string));
  const { bytes } = await readNamed(path);
  return decodeImage(path, bytes, maxPixels);
}

/** uint8 [height, width, channels]. @throws BitgradError as `readNamed`, `decodeImage` and `resizeImage` */
export async function readPicture(path: string, form: ImageForm, maxBytes: number): Promise<Uint8Array> {
  const { bytes } = await readNamed(path, maxBytes);
  return formImage(decodeImage(path, bytes), form);
}
