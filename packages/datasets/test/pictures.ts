import { crc32, deflateSync } from 'node:zlib';
import jpeg from 'jpeg-js';

// Small pictures that the encoders of the tests cannot write, made by Pillow 13: 12 x 8 pixels, red rising to the right and
// green downwards (`reference` has their exact pixels as a PNG).
const base64: Record<string, string> = {
  'cmyk.jpg':
    '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAGBAUGBQQGBgUGBwcGCAoQCgoJCQoUDg8MEBcUGBgXFBYWGh0lHxobIxwWFiAsICMmJykqKRkfLTAtKDAlKCko/8AAFAgACAAMBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD598L/AMFeNf8ACEf9Mv0r2jQtPi0uwUkAYFfVNeoaf/x6rR/whH/TL9K5rWvFKQ37oHHHvRX/2Q==',
  'adobe-rgb.jpg':
    '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAGBAUGBQQGBgUGBwcGCAoQCgoJCQoUDg8MEBcUGBgXFBYWGh0lHxobIxwWFiAsICMmJykqKRkfLTAtKDAlKCko/8AAEQgACAAMA1IRAEcRAEIRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAAwDUgBHAEIAAD8A+ffC/wDBXjX/AAhH/TL9K9o0LT4tLsFJAGBXqGn/APHqtH/CEf8ATL9K5rWvFKQ37oHHHvX/2Q==',
  'lossless.webp':
    'UklGRmgAAABXRUJQVlA4TFwAAAAvC8ABALkyRPQ/dlH86H9IGLWNJCkMmj/eJTH92yuKkCCFRFUQAECRbc5tt4vE4M6NMmf2bFgSZsCX53AHf3HxNO3fLhzLv01N3WE2U926LbXsDJWmttsQ5VflOQ==',
  'lossy.webp':
    'UklGRkgAAABXRUJQVlA4IDwAAADQAQCdASoMAAgAAoBCJbACdAEO43fCgAD++VJ5Wr7uLi7Ff+otKIV/kCdT9/8F5OtRO93GcAc/+uYigAA=',
  'picture.gif':
    'R0lGODdhDAAIAIYAAGFpeVhpjU9poEZps2Fah1ham09arkZavj5pwzVp0Cxp2j5azDVa1yxa32FLllhLqE9LukZLyT5L1TVL3SxL4iNp4Bpp4xJp4iNa4xpa4hJa3glp3ABp0wla1gBayyNL4xpL4BJL2QlLzgBLwWE8o1g8tU88xUY80WEtsFgtwE8tzkYt2T482zU84Sw84z4t4DUt4ywt4iM84Ro82xI80iMt3Rot1RItyQk8xQA8tQktugAtqWEevFgey08e1kYe3mEPx1gP008P3EYP4j4e4jUe4ywe3z4P4zUP4CwP2mEA0FgA2k8A4EYA4z4A4jUA3CwA0yMe1xoezBIeviMP0BoPwxIPswkergAemwkPoQAPjSMAxxoAtxIApgkAkwAAfwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACwAAAAADAAIAAAIbwC/eOnCZQuUJ06aMFmiREsWK1WoJEFyZIiQIECwXJkiJYqRIkR++OjBY4eOGzZqxIDxYoWKFChy4KAxQ4aLFixOmChBYoSIECA+UJggIQKEBw48dNCQAUMDBgsOGChAgMOGCxYqKEiAYICAAAACAgA7',
  'picture.bmp':
    'Qk1WAQAAAAAAADYAAAAoAAAADAAAAAgAAAABABgAAAAAACABAADEDgAAxA4AAAAAAAAAAAAA02kA3GkJ4mkS42ka4Gkj2mks0Gk1w2k+s2lGoGlPjWlYeWlhy1oA1loJ3loS4loa41oj31os11o1zFo+vlpGrlpPm1pYh1phwUsAzksJ2UsS4Esa40sj4kss3Us11Us+yUtGuktPqEtYlkthtTwAxTwJ0jwS2zwa4Twj4zws4Tw12zw+0TxGxTxPtTxYozxhqS0Aui0JyS0S1S0a3S0j4i0s4y014C0+2S1Gzi1PwC1YsC1hmx4Arh4Jvh4SzB4a1x4j3x4s4x414h4+3h5G1h5Pyx5YvB5hjQ8AoQ8Jsw8Sww8a0A8j2g8s4A814w8+4g9G3A9P0w9Yxw9hfwAAkwAJpgAStwAaxwAj0wAs3AA14gA+4wBG4ABP2gBY0ABh',
  'animated.webp':
    'UklGRkgCAABXRUJQVlA4WAoAAAACAAAACwAABwAAQU5JTQYAAAAAAAAAAABBTk1GCgEAAAAAAAAAAAsAAAcAAAAAAAJWUDhM8QAAAC8LwAEA/yIQSDYIf3UhQQqJyiYAwCRT3BNQgAK8BKMaNz8NKDD3bf4jdyZMmDBgQIfGP5gwYkCPFg0q/2JEjx4talAQ92FAixYVKBCg/9GiRgUCBIDkBWpQYEAUJASPQIABkBHh4fwGiIKMAA8D43YURARYWCgofyDCw8JAQYL7Ew4WCgoCAtxfMFCQEBBg4OAwAACiVZRtu9m2bduI6H8AhGAEEoXGYHF4gKRoBpPF5nB5fEKUZIVSpdZodXrBtGyH0+X2eH1+I4ziRDKVzmRz+aCs6kaz1e50e/1inObFcrXebHf74bzux/P1/nx//wMAQU5NRgoBAAAAAAAAAAALAAAHAAAAAAAAVlA4TPEAAAAvC8ABAP8iEEg2CH91IUEKicomAMAkU9wTUIACvASjGjc/DSgw923+I3cmTJgwYECHxj+YMGJAjxYNKv9iRI8eLWpQEPdhQIsWFSgQoP/RokYFAgSA5AVqUGBAFCQEj0CAAZAR4eH8BoiCjAAPA+N2FEQEWFgoKH8gwsPCQEGC+xMOFgoKAgLcXzBQkBAQYODgMAAAolWUbbvZtm3biOh//O/7eb+ej/s6j/9uu1mvlot5God9r9tpt5qNuiqLfi6bSaeSiTgKg7zP63G7nA7bMg2/TqtRq5QKWRIFPY/LYbOYDJoiCT4Oi0GjkAgYAgEAAA==',
  'turned.webp':
    'UklGRpwAAABXRUJQVlA4WAoAAAAIAAAACwAABwAAVlA4TFwAAAAvC8ABALkyRPQ/dlH86H9IGLWNJCkMmj/eJTH92yuKkCCFRFUQAECRbc5tt4vE4M6NMmf2bFgSZsCX53AHf3HxNO3fLhzLv01N3WE2U926LbXsDJWmttsQ5VflOUVYSUYaAAAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA=',
  'reference.png':
    'iVBORw0KGgoAAAANSUhEUgAAAAwAAAAICAIAAABChommAAAAgElEQVR4nF3P2w7BUBCG0VWKDqWE9/XMVB1axcXOFpHM5cp8+QuO4RD2lV3YhjpEmFeKMIY+XEvNhg1raoIFJQVvnjy4JbRmlcWMaRY9d7qE6ozmTMGLIQkupeZXpNBX3OhoE/qGJn8h2oSWVFlgpM8/LrScSk31ExoZ0iI6zuk+J2MunpNX5xEAAAAASUVORK5CYII=',
};

/** A picture's file. */
export const fixture = (name: string): Uint8Array => Buffer.from(base64[name]!, 'base64');

const chunk = (type: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
};

/** What {@link pngOf} writes. */
export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly type: number;
  readonly interlace?: number;
  /** Bytes of the rows, without filter bytes; `raw` has them with. */
  readonly rows?: readonly Uint8Array[];
  readonly raw?: Uint8Array;
  /** Chunks before IDAT. */
  readonly before?: readonly (readonly [type: string, data: Uint8Array])[];
}

const header = ({ width, height, depth = 8, type, interlace = 0 }: PngParts): Uint8Array => {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([depth, type, 0, 0, interlace], 8);
  return data;
};

/** The IHDR chunk's type and contents, to be put where it does not belong. */
export const secondHeader = (parts: PngParts): readonly [string, Uint8Array] => ['IHDR', header(parts)];

/** A PNG file, written chunk by chunk. */
export const pngOf = (parts: PngParts): Buffer => {
  const {
    rows = [],
    raw = Buffer.concat(rows.flatMap((row) => [Uint8Array.of(0), row])),
    before = [],
  } = parts;
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header(parts)),
    ...before.map(([type, data]) => chunk(type, data)),
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', new Uint8Array(0)),
  ]);
};

/** EXIF data (a TIFF file) that has an orientation and nothing else. */
export const exifOf = (orientation: number, little = false): Buffer => {
  const words = little
    ? [0x4949, 0x2a00, 0x0800, 0, 0x0100, 0x1201, 0x0300, 0x0100, 0, orientation << 8, 0, 0, 0]
    : [0x4d4d, 0x002a, 0, 8, 1, 0x0112, 3, 0, 1, orientation, 0, 0, 0];
  const data = Buffer.alloc(2 * words.length);
  words.forEach((word, i) => data.writeUInt16BE(word, 2 * i));
  return data;
};

/** A JPEG file with EXIF data behind its first marker. */
export const withExif = (file: Uint8Array, exif: Uint8Array): Buffer => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(exif.length + 8);
  return Buffer.concat([file.subarray(0, 2), Uint8Array.of(0xff, 0xe1), length, Buffer.from('Exif\0\0', 'latin1'), exif, file.subarray(2)]); // prettier-ignore
};

/** A JPEG by jpeg-js, from RGB at x and y. */
export const jpegOf = (
  width: number,
  height: number,
  at: (x: number, y: number) => readonly number[],
  quality = 95,
): Buffer => {
  const data = Uint8Array.from({ length: 4 * width * height }, (_, i) =>
    i % 4 === 3 ? 255 : at((i >> 2) % width, Math.floor((i >> 2) / width))[i % 4]!,
  );
  return jpeg.encode({ width, height, data }, quality).data;
};
