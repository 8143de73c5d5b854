// WebP by libwebp, GIF (its first picture) by libnsgif and BMP by libnsbmp, all as WebAssembly, loaded when such a file
// comes. Sizes are read here first: a decoder takes memory for what a file declares.
import { createRequire } from 'node:module';
import type { Pixels } from '@bitgrad/core';
import { fileFailure } from '../errors.js';
import { checkPixelCount } from './limits.js';

const require = createRequire(import.meta.url);

interface Decoder {
  decode(input: Uint8Array): Pixels;
}

/** A wide enough view: where the file is too short, a size of 0 is read, and refused. */
const viewOf = (bytes: Uint8Array): DataView => {
  const start = new Uint8Array(64);
  start.set(bytes.subarray(0, 64));
  return new DataView(start.buffer);
};

const tag = (view: DataView, at: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));

/** Sizes of a WebP file (RFC 9649, sections 2.4 to 2.7). */
function webpSize(bytes: Uint8Array): [width: number, height: number] {
  const view = viewOf(bytes);
  const kind = tag(view, 12);
  if (kind === 'VP8X')
    return [(view.getUint32(24, true) & 0xffffff) + 1, (view.getUint32(26, true) >>> 8) + 1];
  if (kind === 'VP8L') {
    const bits = view.getUint32(21, true);
    return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
  }
  return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
}

/**
 * An EXIF orientation is not followed: browsers do not for WebP.
 * @throws BitgradError `limit-exceeded`, `invalid-file` for an animation, or what the decoder throws
 */
export function decodeWebp(file: string, bytes: Uint8Array, maxPixels: number): Pixels {
  checkPixelCount(file, ...webpSize(bytes), maxPixels);
  const animated = tag(viewOf(bytes), 12) === 'VP8X' && (bytes[20]! & 2) !== 0;
  if (animated)
    throw fileFailure('invalid-file', file, 12, 'an animated WebP file', { expected: 'a single picture' });
  return (require('@cwasm/webp') as Decoder).decode(bytes);
}

/** The size that holds the screen and every picture of a GIF file (GIF89a, sections 18 to 26). */
function gifSize(bytes: Uint8Array): [width: number, height: number] {
  const word = (at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  const table = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let [width, height] = [word(6), word(8)];
  for (let at = 13 + table(bytes[10] ?? 0); at < bytes.length;) {
    const kind = bytes[at];
    if (kind === 0x2c) {
      width = Math.max(width, word(at + 1) + word(at + 5));
      height = Math.max(height, word(at + 3) + word(at + 7));
      at += 11 + table(bytes[at + 9] ?? 0);
    } else if (kind === 0x21) at += 2;
    else break;
    while (bytes[at]) at += bytes[at]! + 1;
    at++;
  }
  return [width, height];
}

/** @throws BitgradError `limit-exceeded`, or what the decoder throws */
export function decodeGif(file: string, bytes: Uint8Array, maxPixels: number): Pixels {
  checkPixelCount(file, ...gifSize(bytes), maxPixels);
  return (require('@cwasm/nsgif') as Decoder).decode(bytes);
}

/** @throws BitgradError `limit-exceeded`, or what the decoder throws */
export function decodeBmp(file: string, bytes: Uint8Array, maxPixels: number): Pixels {
  const view = viewOf(bytes);
  // The header of OS/2 has 16-bit sizes; in the others a negative height means rows from above.
  const size = view.getUint32(14, true) === 12 ? [view.getUint16(18, true), view.getUint16(20, true)] : [view.getInt32(18, true), Math.abs(view.getInt32(22, true))]; // prettier-ignore
  checkPixelCount(file, size[0]!, size[1]!, maxPixels);
  return (require('@cwasm/nsbmp') as Decoder).decode(bytes);
}
