// The checksum of zip, gzip and PNG, for everything that this project stores.

/** Node's own, several times as fast; without an import, so that no bundler looks for it. */
const native = (): ((bytes: Uint8Array, crc: number) => number) | undefined =>
  globalThis.process?.getBuiltinModule?.('node:zlib')?.crc32;

/** The table costs 2,048 steps: it is made each time. */
function crcBy(polynomial: number, bytes: Uint8Array, crc: number): number {
  const table = Uint32Array.from({ length: 256 }, (_, c) => {
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ polynomial : c >>> 1;
    return c;
  });
  let c = ~crc;
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}

/**
 * CRC-32 (ISO-HDLC: reflected polynomial 0xEDB88320, initial value and final xor 0xFFFFFFFF).
 * @param crc of the bytes before these; 0 for none
 */
export const crc32 = (bytes: Uint8Array, crc = 0): number =>
  native()?.(bytes, crc) ?? crcBy(0xedb88320, bytes, crc);

/** CRC-32C (Castagnoli, RFC 3720: reflected polynomial 0x82F63B78), as in records of TensorFlow. */
export const crc32c = (bytes: Uint8Array): number => crcBy(0x82f63b78, bytes, 0);
