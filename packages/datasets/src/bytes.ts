// Input files as bytes with a name for messages, and gzip by fflate (which runs in browsers too).
// fflate neither checks the CRC nor bounds the output, so both happen here, while the data streams through.
import { crc32, option, type OptionRules } from '@bitgrad/core';
import { Gunzip } from 'fflate';
import { failure, fileFailure, integerOption } from './errors.js';

/** The contents of a file; `name` is what messages call it. Bytes alone are given a name by their role. */
export type FileInput = Uint8Array | { readonly name: string; readonly bytes: Uint8Array };

/** Bounds on what a file may make this package allocate. */
export interface FileLimits {
  /** Bytes after decompression; default 2^30 (1 GiB). */
  readonly maxBytes?: number;
}

/** The rules of {@link FileLimits}. */
export const limitRules: OptionRules<FileLimits> = { maxBytes: option.integer(1) };

/** A file with a name: its own, or that of its role. */
export const namedFile = (input: FileInput, role: string): { name: string; bytes: Uint8Array } => {
  if (ArrayBuffer.isView(input)) return { name: role, bytes: input as Uint8Array };
  const { name, bytes } = (input as { name?: unknown; bytes?: unknown } | null | undefined) ?? {};
  if (!ArrayBuffer.isView(bytes))
    throw failure('invalid-option', {
      what: `contents of ${typeof name === 'string' ? name : role}`,
      got: input === undefined ? 'nothing' : input,
      expected: 'a Uint8Array, or { name, bytes } with one',
      next:
        typeof input === 'string' || (input as unknown) instanceof URL
          ? 'Read the file first, or use loadDataset of @bitgrad/datasets/node.'
          : undefined,
    });
  return { name: typeof name === 'string' ? name : role, bytes: bytes as Uint8Array };
};

/** The default of {@link FileLimits}. */
export const defaultMaxBytes = 2 ** 30;

/** A file with its name and, where it was gzipped, its decompressed bytes. */
export interface OpenedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly maxBytes: number;
}

/** True when the bytes begin like a gzip file. */
const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Input is fed in small pieces: deflate grows data at most 1032 times, so the limit holds to within 17 MB. */
const pieceBytes = 1 << 14;

/**
 * Decompresses gzip (one or more members) and checks length and CRC-32 of each.
 * @param file name for messages
 * @param bytes the compressed file
 * @param maxBytes largest size of the result
 * @throws BitgradError `truncated-file`, `invalid-file`, `checksum-mismatch`, `limit-exceeded`
 */
export function gunzip(file: string, bytes: Uint8Array, maxBytes = defaultMaxBytes): Uint8Array {
  const pieces: Uint8Array[] = [];
  let total = 0;
  let member = { crc: 0, length: 0 };
  const endMember = (end: number): void => {
    const trailer = new DataView(bytes.buffer, bytes.byteOffset + end - 8, 8);
    if (trailer.getUint32(0, true) !== member.crc || trailer.getUint32(4, true) !== member.length % 2 ** 32)
      throw fileFailure('checksum-mismatch', file, end - 8, 'the gzip checksum does not match the data', {
        next: 'The file is damaged or cut short: fetch it again.',
      });
    member = { crc: 0, length: 0 };
  };
  const inflate = new Gunzip((data) => {
    total += data.length;
    if (total > maxBytes)
      throw fileFailure('limit-exceeded', file, undefined, 'the gzip data decompresses to too much', {
        got: `${total} bytes or more`,
        expected: `at most ${maxBytes}`,
        next: 'Raise maxBytes if the file is what you think it is.',
      });
    member = { crc: crc32(data, member.crc), length: member.length + data.length };
    pieces.push(data);
  });
  inflate.onmember = endMember;

  // 18 bytes: the shortest header and trailer.
  if (bytes.length < 18) throw truncatedGzip(file, bytes.length);
  let fed = 0;
  try {
    for (; fed < bytes.length; fed += pieceBytes)
      inflate.push(bytes.subarray(fed, fed + pieceBytes), fed + pieceBytes >= bytes.length);
  } catch (cause) {
    if (!isFlateError(cause)) throw cause;
    if (cause.code === 0) throw truncatedGzip(file, bytes.length, cause);
    throw fileFailure('invalid-file', file, fed, `damaged gzip data in the ${pieceBytes} bytes from here`, {
      got: cause.message,
      expected: 'a valid deflate stream',
      cause,
    });
  }
  endMember(bytes.length);

  const result = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    result.set(piece, at);
    at += piece.length;
  }
  return result;
}

const isFlateError = (value: unknown): value is Error & { code: number } =>
  value instanceof Error && typeof (value as { code?: unknown }).code === 'number';

const truncatedGzip = (file: string, length: number, cause?: unknown) =>
  fileFailure('truncated-file', file, length, 'the gzip data ends before its contents do', {
    got: `${length} bytes`,
    expected: 'a complete gzip file',
    next: 'Fetch the file again.',
    cause,
  });

/** Opens a file: names it, checks its size, and decompresses it when it is gzip (told by its bytes, not its name). */
export function openFile(input: FileInput, role: string, limits: FileLimits = {}): OpenedFile {
  const { name, bytes } = namedFile(input, role);
  if (!(bytes instanceof Uint8Array))
    throw failure('invalid-option', {
      what: `contents of ${name}`,
      got: typeof bytes,
      expected: 'a Uint8Array',
    });
  const maxBytes = integerOption('maxBytes', limits.maxBytes ?? defaultMaxBytes, 1);
  if (bytes.length === 0) throw fileFailure('truncated-file', name, 0, 'the file is empty');
  if (bytes.length > maxBytes)
    throw fileFailure('limit-exceeded', name, undefined, 'file size', {
      got: bytes.length,
      expected: `at most ${maxBytes} bytes`,
    });
  return { name, bytes: isGzip(bytes) ? gunzip(name, bytes, maxBytes) : bytes, maxBytes };
}
