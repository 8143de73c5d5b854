// decodeModel for those who have the bytes. Apart from the decoder: loadModel fetches the words for what is no model only
// when it meets such a file.
import { bytesOf } from '../bytes.js';
import { failure } from '../fail.js';
import { limitsFrom, type Limits } from '../limits.js';
import type { PackedModel } from '../model.js';
import { decode } from './decode.js';
import { beginsAsModel } from './layout.js';
import { noModel } from './lookalike.js';

/**
 * Decodes and checks a `.bitgrad` file.
 *
 * The weights that are stored as they are used are views of `bytes` where these are aligned to 4 bytes, else of one copy
 * of the weight section: do not change `bytes` afterwards.
 * @param bytes the whole file
 * @param limits what the file may ask for; missing fields have their defaults
 * @throws BitgradError `truncated-file`, `checksum-mismatch`, `limit-exceeded`, `unsupported-op`, `overflow`, or
 *   `invalid-file` naming the field
 */
export function decodeModel(bytes: ArrayBufferLike | Uint8Array, limits: Partial<Limits> = {}): PackedModel {
  const bounds = limitsFrom(limits);
  const file = bytesOf(bytes);
  if (!file)
    throw failure('invalid-option', {
      what: 'bytes of the model',
      got: bytes ?? 'nothing',
      expected: 'a Uint8Array or an ArrayBuffer',
    });
  if (!beginsAsModel(file)) throw failure('invalid-file', noModel(file));
  return decode(file, bounds);
}
