// `.keras` files: zip archives of a configuration and of weights in HDF5.
import { BitgradError, reasonOf } from '@bitgrad/bits';
import { unzipSync } from 'fflate';
import { check, failure } from '../../fail.js';
import type { ImportLimits } from '../../limits.js';

const wanted = ['config.json', 'model.weights.h5'];

/** Whether bytes are a zip archive: its signature. */
export const isZip = (bytes: Uint8Array): boolean =>
  [0x50, 0x4b, 0x03, 0x04].every((byte, i) => bytes[i] === byte);

/** The configuration and the weights of an archive. @throws BitgradError `invalid-file`, `limit-exceeded` */
export function openArchive(
  bytes: Uint8Array,
  limits: ImportLimits,
): { config: string; weights: Uint8Array } {
  let size = 0;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter({ name, originalSize }) {
        if (!wanted.includes(name)) return false;
        // The archive's own word, which bounds what is unpacked: no more than this is written.
        size += originalSize;
        check(size <= limits.fileBytes, 'bytes of the unpacked archive', size, `at most ${limits.fileBytes}`, 'limit-exceeded'); // prettier-ignore
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof BitgradError) throw cause;
    throw failure('invalid-file', { what: 'the .keras archive cannot be unpacked', got: reasonOf(cause), expected: 'a zip archive as Keras saves it', cause }); // prettier-ignore
  }
  const [config, weights] = wanted.map((name) => files[name]);
  check(config && weights, 'files of the .keras archive', Object.keys(files), wanted.join(' and '));
  return { config: new TextDecoder().decode(config), weights };
}
