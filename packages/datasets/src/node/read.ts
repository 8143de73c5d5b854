// One picture file to the bytes of a form.
import { formImage, type ImageForm } from '../images.js';
import { decodeImage } from './decode.js';
import { readNamed } from './files.js';

/** uint8 [height, width, channels]. @throws BitgradError as `readNamed`, `decodeImage` and `resizeImage` */
export async function readPicture(path: string, form: ImageForm, maxBytes: number): Promise<Uint8Array> {
  const { bytes } = await readNamed(path, maxBytes);
  return formImage(decodeImage(path, bytes), form);
}
