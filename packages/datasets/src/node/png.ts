// PNG by pngjs, loaded when such a file comes. What the library believes is checked first: one header, chunks that are
// whole, and as much data as the header asks for (pngjs takes a second header for the first, and fills what is missing with
// zeros).
import { inflateSync } from 'node:zlib';
import { createRequire } from 'node:module';
import type * as Pngjs from 'pngjs';
import { orientPixels, type Pixels } from '@bitgrad/core';
import { fileFailure } from '../errors.js';
import { exifOrientation } from './exif.js';
import { checkPixelCount } from './limits.js';

const require = createRequire(import.meta.url);

/** First bytes of every PNG file. */
export const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const idat = 0x49444154;
const iend = 0x49454e44;
const ihdr = 0x49484452;
const exif = 0x65584966;

/** Samples a pixel by colour type (PNG specification, 11.2.1). */
const samples: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

interface Header {
  readonly width: number;
  readonly height: number;
  readonly bitsPerPixel: number;
  readonly interlaced: boolean;
}

/** @throws BitgradError `truncated-file`, `invalid-file`, `limit-exceeded`, or what pngjs throws */
export function decodePng(file: string, bytes: Uint8Array, maxPixels: number): Pixels {
  if (bytes.length < 33)
    throw fileFailure('truncated-file', file, bytes.length, 'the PNG header is incomplete');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { compressed, orientation } = readChunks(file, view);
  const header: Header = {
    width: view.getUint32(16),
    height: view.getUint32(20),
    bitsPerPixel: bytes[24]! * (samples[bytes[25]!] ?? 0),
    interlaced: bytes[28] === 1,
  };
  checkPixelCount(file, header.width, header.height, maxPixels);
  checkData(file, compressed, header);
  const { PNG } = require('pngjs') as typeof Pngjs;
  const { data } = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return orientPixels({ width: header.width, height: header.height, data }, orientation);
}

interface Chunks {
  /** Contents of the IDAT chunks. */
  readonly compressed: readonly Uint8Array[];
  /** Of the eXIf chunk, which browsers follow. */
  readonly orientation: number;
}

/** Walks the chunks up to IEND. */
function readChunks(file: string, view: DataView): Chunks {
  const compressed: Uint8Array[] = [];
  let orientation = 1;
  for (let at = 8; ;) {
    const length = at + 12 <= view.byteLength ? view.getUint32(at) : 0;
    if (at + 12 + length > view.byteLength)
      throw fileFailure('truncated-file', file, at, 'a PNG chunk is incomplete', {
        got: `${view.byteLength - at} bytes`,
        expected: `${12 + length}`,
      });
    const type = view.getUint32(at + 4);
    if ((type === ihdr) !== (at === 8) || (type === ihdr && length !== 13))
      throw fileFailure('invalid-file', file, at, 'the header (IHDR) of a PNG file', {
        expected: 'one, as the first chunk, of 13 bytes',
      });
    if (type === iend) return { compressed, orientation };
    const contents = new Uint8Array(view.buffer, view.byteOffset + at + 8, length);
    if (type === idat) compressed.push(contents);
    if (type === exif) orientation = exifOrientation(contents);
    at += 12 + length;
  }
}

/** Bytes that the data inflates to: a filter byte and the samples of each row, of each pass (PNG specification, 8.2). */
function dataBytes({ width, height, bitsPerPixel, interlaced }: Header): number {
  const pass = (w: number, h: number): number =>
    w > 0 && h > 0 ? h * (1 + Math.ceil((w * bitsPerPixel) / 8)) : 0;
  if (!interlaced) return pass(width, height);
  // [first column, step, first row, step] of the seven passes of Adam7.
  const passes = [[0, 8, 0, 8], [4, 8, 0, 8], [0, 4, 4, 8], [2, 4, 0, 4], [0, 2, 2, 4], [1, 2, 0, 2], [0, 1, 1, 2]] as const; // prettier-ignore
  const count = (size: number, first: number, step: number): number =>
    Math.max(0, Math.ceil((size - first) / step));
  return passes.reduce((sum, [x, dx, y, dy]) => sum + pass(count(width, x, dx), count(height, y, dy)), 0);
}

function checkData(file: string, compressed: readonly Uint8Array[], header: Header): void {
  const expected = dataBytes(header);
  let got: number;
  try {
    // Encoders may add a little, which viewers pass over.
    got = inflateSync(Buffer.concat(compressed), { maxOutputLength: expected + 65_536 }).length;
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw fileFailure('limit-exceeded', file, undefined, 'the PNG inflates to more than its picture', {
        expected: `${expected} bytes for ${header.width} x ${header.height} pixels`,
        cause,
      });
    const cut = code === 'Z_BUF_ERROR';
    throw fileFailure(
      cut ? 'truncated-file' : 'invalid-file',
      file,
      undefined,
      'the data of the PNG does not inflate',
      {
        got: message,
        cause,
      },
    );
  }
  if (got < expected)
    throw fileFailure('truncated-file', file, undefined, 'the data of the PNG ends before the picture does', {
      got: `${got} bytes`,
      expected: `${expected} for ${header.width} x ${header.height} pixels`,
    });
}
