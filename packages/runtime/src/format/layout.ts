// The constants of the `.bitgrad` format (FORMAT.md) and its checksum.

/** 0x89 "BITGRAD": the first byte has its high bit set, so that text-mode transfers are noticed. */
export const magic = Uint8Array.of(0x89, 0x42, 0x49, 0x54, 0x47, 0x52, 0x41, 0x44);
/** Whether bytes begin as a `.bitgrad` file does, as far as they go. */
export const beginsAsModel = (file: Uint8Array): boolean =>
  magic.every((byte, i) => i >= file.length || file[i] === byte);

/** A reader refuses a higher major version and accepts any minor version. */
export const formatVersion = { major: 1, minor: 0 } as const;
/** Byte offset of the section table; the fixed part of the preamble lies before it. */
export const tableOffset = 24;
/** Bytes of one entry of the section table. */
export const entryBytes = 16;
/** Most sections of a file; the table then ends at byte 280. */
export const mostSections = 16;
/** Sections start at multiples of this. */
export const sectionAlignment = 64;
/** Weights start at multiples of this within their section. */
export const weightAlignment = 16;
/** Section tags, ASCII read as a little-endian word. */
export const tags = { json: 0x4e4f534a, weights: 0x54484757 } as const;

/** Node's checksum, several times as fast; without an import, so that no bundler looks for it. */
const native = (): ((bytes: Uint8Array, crc: number) => number) | undefined =>
  globalThis.process?.getBuiltinModule?.('node:zlib')?.crc32;

let table: Uint32Array | undefined;

/** CRC-32 (ISO-HDLC: reflected polynomial 0xEDB88320, initial value and final xor 0xFFFFFFFF), as in zip and PNG. */
export function crc32(...parts: readonly Uint8Array[]): number {
  const fast = native();
  if (fast) return parts.reduce((crc, bytes) => fast(bytes, crc), 0);
  if (!table) {
    table = new Uint32Array(256);
    for (let i = 0; i < 256; i++) {
      let c = i;
      for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
      table[i] = c;
    }
  }
  let crc = -1;
  for (const bytes of parts)
    for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}
