// The checksum of zip, gzip and PNG, for everything that this project stores.

/** Node's own, several times as fast; without an import, so that no bundler looks for it. */
const native = (): ((bytes: Uint8Array, crc: number) => number) | undefined =>
  globalThis.process?.getBuiltinModule?.('node:zlib')?.crc32;

let table: Uint32Array | undefined;

/**
 * CRC-32 (ISO-HDLC: reflected polynomial 0xEDB88320, initial value and final xor 0xFFFFFFFF).
 * @param crc of the bytes before these; 0 for none
 */
export function crc32(bytes: Uint8Array, crc = 0): number {
  const fast = native();
  if (fast) return fast(bytes, crc);
  if (!table) {
    table = new Uint32Array(256);
    for (let i = 0; i < 256; i++) {
      let c = i;
      for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
      table[i] = c;
    }
  }
  let c = ~crc;
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}
