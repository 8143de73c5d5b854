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
