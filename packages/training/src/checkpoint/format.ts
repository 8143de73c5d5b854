// The bytes of a checkpoint: one self-describing buffer, the same on every storage.
//
//   0   8 bytes  magic "BGCKPT01"
//   8   float64  length of the whole buffer in bytes (little-endian, as everything here)
//   16  uint32   length h of the header in bytes
//   20  h bytes  header: UTF-8 JSON, with the length of each array
//   ..  zeros up to a multiple of 4
//   ..  float32  the arrays, one after another
//   end uint32   CRC-32 (IEEE) of every byte before it
//
// Untrusted input: every length is checked before it is used, and a flipped bit anywhere is found by the checksum.
import { BitgradError, crc32, type ErrorCode } from '@bitgrad/core';

const magic = 'BGCKPT01';
const headerAt = 20;
const maxHeaderBytes = 64 * 1024 * 1024;

const fail = (code: ErrorCode, what: string, got?: unknown, expected?: string): BitgradError =>
  new BitgradError({
    code,
    source: 'training',
    what: `checkpoint: ${what}`,
    got,
    expected,
    next: 'Use another checkpoint, or start again without it.',
  });

const padded = (length: number): number => Math.ceil(length / 4) * 4;

/** What a checkpoint holds: a JSON header and float32 arrays. */
export interface CheckpointParts {
  readonly header: unknown;
  readonly arrays: readonly Float32Array[];
}

/** Writes the buffer. The header must be JSON; NaN and infinities are kept in the arrays. */
export function encodeParts({ header, arrays }: CheckpointParts): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify({ header, lengths: arrays.map((a) => a.length) }));
  const dataAt = padded(headerAt + json.length);
  const total = dataAt + 4 * arrays.reduce((sum, a) => sum + a.length, 0) + 4;
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(magic));
  view.setFloat64(8, total, true);
  view.setUint32(16, json.length, true);
  bytes.set(json, headerAt);
  let at = dataAt;
  for (const array of arrays) {
    for (let i = 0; i < array.length; i++) view.setFloat32(at + 4 * i, array[i]!, true);
    at += 4 * array.length;
  }
  view.setUint32(at, crc32(bytes.subarray(0, at)), true);
  return bytes;
}

/**
 * Reads the buffer back; the arrays are copies.
 * @throws BitgradError `invalid-file`, `truncated-file` or `checksum-mismatch`; `invalid-option` for what are no bytes
 */
export function decodeParts(bytes: Uint8Array): CheckpointParts {
  if (Object.prototype.toString.call(bytes) !== '[object Uint8Array]')
    throw new BitgradError({
      code: 'invalid-option',
      source: 'training',
      what: 'bytes of a checkpoint',
      got: bytes === undefined ? 'nothing' : bytes,
      expected: 'a Uint8Array, as saveCheckpoint gives it',
      next: 'Read the file first; await a promise.',
    });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = new TextDecoder().decode(bytes.subarray(0, 8));
  if (start !== magic && !(bytes.length < 8 && magic.startsWith(start)))
    throw fail('invalid-file', 'first bytes', start, magic);
  if (bytes.length < headerAt + 4)
    throw fail('truncated-file', 'length', bytes.length, `${headerAt + 4} or more`);
  const total = view.getFloat64(8, true);
  if (bytes.length < total) throw fail('truncated-file', 'length', bytes.length, `${total} bytes`);
  if (bytes.length !== total) throw fail('invalid-file', 'length', bytes.length, `${total} bytes`);
  const sum = crc32(bytes.subarray(0, total - 4));
  if (sum !== view.getUint32(total - 4, true))
    throw fail('checksum-mismatch', 'checksum', sum, String(view.getUint32(total - 4, true)));
  // The checksum proves that the writer meant these bytes, not that the writer was sane.
  const headerBytes = view.getUint32(16, true);
  if (headerBytes > maxHeaderBytes || headerAt + headerBytes > total - 4)
    throw fail('invalid-file', 'header length', headerBytes, `at most ${total - 4 - headerAt}`);
  const { header, lengths } = parseHeader(bytes.subarray(headerAt, headerAt + headerBytes));
  let at = padded(headerAt + headerBytes);
  if (at + 4 * lengths.reduce((a, b) => a + b, 0) !== total - 4)
    throw fail('invalid-file', 'lengths of the arrays', lengths, `${(total - 4 - at) / 4} values in all`);
  const arrays = lengths.map((length) => {
    const array = new Float32Array(length);
    for (let i = 0; i < length; i++) array[i] = view.getFloat32(at + 4 * i, true);
    at += 4 * length;
    return array;
  });
  return { header, arrays };
}

const maxDepth = 64;

/** Without recursion: a header of brackets must not overflow the stack of whoever walks it. */
function depthOf(value: unknown): number {
  let level = [value];
  let depth = 0;
  for (; level.length > 0 && depth <= maxDepth; depth++)
    level = level.flatMap((x) => (typeof x === 'object' && x !== null ? Object.values(x) : []));
  return depth;
}

const parseHeader = (bytes: Uint8Array): { header: unknown; lengths: number[] } => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw fail('invalid-file', 'header', (cause as Error).message, 'JSON');
  }
  if (depthOf(parsed) > maxDepth)
    throw fail('invalid-file', 'header', `more than ${maxDepth} levels`, `at most ${maxDepth}`);
  const { header, lengths } = (parsed ?? {}) as { header?: unknown; lengths?: unknown };
  if (!Array.isArray(lengths) || !lengths.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw fail('invalid-file', 'header', lengths, 'the lengths of the arrays');
  return { header, lengths };
};
