// Every format against exact pixels, orientation, and files that lie about themselves.
import { describe, expect, it } from 'vitest';
import { orientPixels, type Pixels } from '@bitgrad/core';
import { decodeImage } from '../src/node.js';
import { caught } from './helpers.js';
import { exifOf, fixture, jpegOf, pngOf, secondHeader, withExif } from './pictures.js';

const reference = decodeImage('reference.png', fixture('reference.png'));

/** Largest difference of a byte. */
const apart = (a: Pixels, b: Pixels): number => {
  expect([a.width, a.height, a.data.length]).toEqual([b.width, b.height, b.data.length]);
  let most = 0;
  for (let i = 0; i < a.data.length; i++) most = Math.max(most, Math.abs(a.data[i]! - b.data[i]!));
  return most;
};

describe('formats', () => {
  it('has a reference with four bytes a pixel', () => {
    expect([reference.width, reference.height, reference.data.length]).toEqual([12, 8, 384]);
    expect(new Set(reference.data).size).toBeGreaterThan(50);
  });

  it.each([
    ['lossless.webp', 0],
    ['picture.gif', 0],
    ['picture.bmp', 0],
    // Lossy: libwebp halves the resolution of colour.
    ['lossy.webp', 40],
    // By way of CMYK without black, and JPEG.
    ['cmyk.jpg', 12],
    // Stored as red, green and blue: Adobe's transform 0, which is not the default of the library.
    ['adobe-rgb.jpg', 12],
    // Browsers do not follow the orientation of WebP.
    ['turned.webp', 0],
  ])('%s is the reference within %i', (name, most) => {
    expect(apart(decodeImage(name, fixture(name)), reference)).toBeLessThanOrEqual(most);
  });

  it('reads YCCK as CMYK after a colour transform', () => {
    // Adobe's mark 2 instead of 0: the same numbers are Y, Cb, Cr of what 1 - C, 1 - M, 1 - Y hold (there is no black).
    const file = Buffer.from(fixture('cmyk.jpg'));
    const at = file.indexOf('Adobe') + 11;
    expect(file[at]).toBe(0);
    file[at] = 2;
    const [ycck, cmyk] = [decodeImage('ycck.jpg', file), decodeImage('cmyk.jpg', fixture('cmyk.jpg'))];
    const clamp = (v: number): number => Math.max(0, Math.min(255, v));
    for (let i = 0; i < cmyk.data.length; i += 4) {
      const [y, cb, cr] = [cmyk.data[i]!, cmyk.data[i + 1]! - 128, cmyk.data[i + 2]! - 128];
      const rgb = [y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb].map((v) => 255 - clamp(v)); // prettier-ignore
      rgb.forEach((value, c) => expect(Math.abs(ycck.data[i + c]! - value)).toBeLessThan(2));
    }
  });

  it('reduces 16 bits, reads palettes, grey with alpha, and transparent colours', () => {
    const row = Buffer.alloc(8);
    [0, 257 * 100, 257 * 100 + 128, 65_535].forEach((value, i) => row.writeUInt16BE(value, 2 * i));
    const deep = decodeImage('deep.png', pngOf({ width: 4, height: 1, depth: 16, type: 0, rows: [row] }));
    expect([0, 4, 8, 12].map((i) => deep.data[i])).toEqual([0, 100, 100, 255]);
    const palette = pngOf({
      width: 4,
      height: 1,
      depth: 2,
      type: 3,
      rows: [Uint8Array.of(0b00011011)],
      before: [
        ['PLTE', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)],
        ['tRNS', Uint8Array.of(255, 0)],
      ],
    });
    expect([...decodeImage('palette.png', palette).data]).toEqual([1, 2, 3, 255, 4, 5, 6, 0, 7, 8, 9, 255, 10, 11, 12, 255]); // prettier-ignore
    const alpha = pngOf({ width: 2, height: 1, type: 4, rows: [Uint8Array.of(9, 8, 7, 6)] });
    expect([...decodeImage('la.png', alpha).data]).toEqual([9, 9, 9, 8, 7, 7, 7, 6]);
  });

  it('says what is no picture', () => {
    const said = (bytes: string) => caught(() => decodeImage('x.png', Buffer.from(bytes, 'latin1')), 'invalid-file', 'x.png').message; // prettier-ignore
    expect(said('<!DOCTYPE html><html>')).toMatch(/a web page/);
    expect(said('version https://git-lfs.github.com/spec/v1')).toMatch(/Git LFS/);
    expect(said('\0\0\0\x18ftypheic')).toMatch(/HEIC/);
    expect(said('II*\0')).toMatch(/TIFF/);
    caught(() => decodeImage('a.webp', fixture('animated.webp')), 'invalid-file', /animated/);
  });
});

describe('orientation', () => {
  const at = (x: number, y: number): number[] => [x * 20, y * 25, 90];
  const plain = jpegOf(10, 7, at);
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('%i of a JPEG turns it upright', (orientation) => {
    const expected = orientPixels(decodeImage('plain.jpg', plain), orientation);
    for (const little of [false, true]) {
      const shown = decodeImage('turned.jpg', withExif(plain, exifOf(orientation, little)));
      expect(apart(shown, expected)).toBe(0);
    }
  });
  it('of a PNG is followed as browsers do', () => {
    const rows = Array.from({ length: 2 }, (_, y) => Uint8Array.of(10 * y + 1, 10 * y + 2, 10 * y + 3));
    const shown = decodeImage('turned.png', pngOf({ width: 3, height: 2, type: 0, rows, before: [['eXIf', exifOf(6)]] })); // prettier-ignore
    expect([shown.width, ...[0, 4, 8, 12, 16, 20].map((i) => shown.data[i])]).toEqual([
      2, 11, 1, 12, 2, 13, 3,
    ]);
  });
  it('is 1 where the data is not what it should be', () => {
    const stored = decodeImage('plain.jpg', plain);
    const broken = (edit: (exif: Buffer) => void, length = 26): Buffer => {
      const exif = exifOf(6);
      edit(exif);
      return withExif(plain, exif.subarray(0, length));
    };
    const files = [
      withExif(plain, exifOf(9)),
      broken((exif) => exif.write('XX', 0)),
      broken((exif) => exif.writeUInt32BE(0xffff_fff0, 4)),
      broken((exif) => exif.writeUInt16BE(0xffff, 8), 20),
      broken(() => undefined, 5),
    ];
    for (const file of files) expect(apart(decodeImage('x.jpg', file), stored)).toBe(0);
  });
});

describe('files that lie', () => {
  const grey = { width: 4, height: 3, type: 0 } as const;
  const rows = [0, 1, 2].map((y) => Uint8Array.of(y, y + 1, y + 2, y + 3));

  it('refuses a PNG with a second header, which would pass the limit of pixels', () => {
    const large = secondHeader({ width: 20_000, height: 20_000, type: 6 });
    const file = pngOf({ ...grey, rows, before: [large] });
    caught(() => decodeImage('twice.png', file, 1000), 'invalid-file', 'twice.png', /IHDR/);
    const late = pngOf({ ...grey, rows, before: [['tEXt', Buffer.from('a\0b')], secondHeader(grey)] });
    caught(() => decodeImage('twice.png', late), 'invalid-file', /IHDR/);
  });

  it('refuses a PNG whose data is short of the picture', () => {
    for (const raw of [Uint8Array.of(0, 1, 2, 3, 4), new Uint8Array(0), new Uint8Array(14)])
      caught(
        () => decodeImage('short.png', pngOf({ ...grey, raw })),
        'truncated-file',
        'short.png',
        /15 for 4 x 3/,
      );
    expect(decodeImage('whole.png', pngOf({ ...grey, raw: new Uint8Array(15) })).height).toBe(3);
    // A little more is passed over, as viewers do; much more is a bomb.
    expect(decodeImage('more.png', pngOf({ ...grey, raw: new Uint8Array(40) })).height).toBe(3);
    caught(() => decodeImage('bomb.png', pngOf({ ...grey, raw: new Uint8Array(2 ** 20) })), 'limit-exceeded');
  });

  it('counts the data of interlaced pictures by their passes', () => {
    // Passes of 5 x 5 by Adam7: 1x1, 1x1, 2x1, 1x2... pixels: rows of 1, 1, 2; then columns.
    const passes = [[1, 1], [1, 1], [2, 1], [1, 2], [3, 1], [2, 3], [5, 2]] as const; // prettier-ignore
    const bytes = passes.reduce((sum, [w, h]) => sum + h * (w + 1), 0);
    const file = (length: number) => pngOf({ width: 5, height: 5, type: 0, interlace: 1, raw: new Uint8Array(length) }); // prettier-ignore
    expect(decodeImage('i.png', file(bytes)).width).toBe(5);
    caught(() => decodeImage('i.png', file(bytes - 1)), 'truncated-file', /ends before/);
  });

  it('refuses a JPEG whose scan is cut and closed', () => {
    const whole = jpegOf(64, 48, (x, y) => [(x * 7) % 256, (y * 11) % 256, (x * y) % 256]);
    const cut = Buffer.concat([whole.subarray(0, Math.floor(whole.length * 0.7)), Uint8Array.of(0xff, 0xd9)]);
    expect(() => decodeImage('cut.jpg', cut)).toThrow(expect.objectContaining({ name: 'BitgradError' }));
  });

  it('refuses a JPEG with thousands of scans', () => {
    const scan = Uint8Array.of(0xff, 0xda, 0, 2);
    const file = Buffer.concat([Uint8Array.of(0xff, 0xd8), ...new Array<Uint8Array>(300).fill(scan)]);
    caught(() => decodeImage('scans.jpg', file), 'limit-exceeded', /scans/);
  });

  it.each([
    ['lossless.webp', (b: Buffer) => b.writeUInt32LE(0x0fff_ffff, 21)],
    ['lossy.webp', (b: Buffer) => b.writeUInt32LE(0x3fff_3fff, 26)],
    ['picture.gif', (b: Buffer) => b.writeUInt32LE(0xffff_ffff, 6)],
    ['picture.bmp', (b: Buffer) => b.writeInt32LE(2 ** 30, 18)],
    ['picture.bmp', (b: Buffer) => b.writeInt32LE(-(2 ** 31), 22)],
  ])('checks the declared size of %s before it is decoded', (name, edit) => {
    const file = Buffer.from(fixture(name));
    edit(file);
    caught(() => decodeImage(name, file), 'limit-exceeded', name, /pixels/);
  });

  it.each(['lossless.webp', 'lossy.webp', 'picture.gif', 'picture.bmp', 'cmyk.jpg', 'reference.png'])(
    'takes no cut of %s for a picture',
    (name) => {
      const file = fixture(name);
      for (let length = 0; length < file.length; length++)
        expect(() => decodeImage(name, file.subarray(0, length), 1e4)).toThrow(
          expect.objectContaining({ name: 'BitgradError', message: expect.stringContaining(name) }),
        );
      // The decoder of the format still works after all of these.
      expect(decodeImage(name, file).width).toBe(12);
    },
  );
});
