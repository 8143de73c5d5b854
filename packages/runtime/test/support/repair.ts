// Recomputes the checksums of a damaged file, as far as its table makes sense, so that tests reach the checks behind.
import { crc32 } from '@bitgrad/bits';
import { entryBytes, tableOffset } from '../../src/format/layout.js';

export function repairChecksums(file: Uint8Array): Uint8Array {
  if (file.length < tableOffset) return file;
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const count = Math.min(view.getUint32(16, true), Math.floor((file.length - tableOffset) / entryBytes));
  for (let i = 0; i < count; i++) {
    const at = tableOffset + entryBytes * i;
    const [offset, bytes] = [view.getUint32(at + 4, true), view.getUint32(at + 8, true)];
    if (offset + bytes <= file.length)
      view.setUint32(at + 12, crc32(file.subarray(offset, offset + bytes)), true);
  }
  view.setUint32(
    20,
    crc32(file.subarray(tableOffset, tableOffset + entryBytes * count), crc32(file.subarray(0, 20))),
    true,
  );
  return file;
}
