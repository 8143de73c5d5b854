import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BitgradError,
  binarySign,
  checkNoNaN,
  errorCodes,
  levelOfBit,
  packRows,
  packedBytes,
  popcount,
  showValue,
  signBit,
  unpackRows,
  wordsPerRow,
} from '../src/index.js';

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof BitgradError) return error.code;
    throw error;
  }
  return 'none';
};

describe('sign rule', () => {
  it.each([
    [0, 1],
    [-0, 1],
    [5e-324, 1],
    [-5e-324, -1],
    [1.5, 1],
    [-1.5, -1],
    [Infinity, 1],
    [-Infinity, -1],
    [NaN, 1],
  ])('binarySign(%d) is %d', (x, level) => {
    expect(binarySign(x)).toBe(level);
    expect(levelOfBit(signBit(x))).toBe(level);
  });
  it('refuses NaN in checked mode and names its index', () => {
    expect(() => checkNoNaN([1, NaN])).toThrow(/index 1.*NaN/);
    expect(code(() => packRows([NaN], 1, 1))).toBe('not-finite');
    expect([...packRows([NaN, -1], 1, 2, { checked: false })]).toEqual([2]);
    checkNoNaN([Infinity, -Infinity]);
  });
});

describe('layout', () => {
  it('puts element k in bit k mod 32 of word floor(k / 32), rows padded with zero bits', () => {
    const row = new Array<number>(33).fill(1);
    row[0] = row[31] = row[32] = -1;
    expect([...packRows([...row, ...row.map((v) => -v)], 2, 33)]).toEqual([0x80000001, 1, 0x7ffffffe, 0]);
    // Little-endian bytes: element 8 is bit 0 of byte 1.
    const words = packRows(
      Array.from({ length: 16 }, (_, k) => (k === 8 ? -1 : 1)),
      1,
      16,
    );
    expect([...new Uint8Array(words.buffer)]).toEqual([0, 1, 0, 0]);
  });
  it.each([1, 31, 32, 33, 127])('packs and unpacks %i channels', (c) => {
    const values = Array.from({ length: 3 * c }, (_, i) => ((i * 7919) % 5) - 2);
    const words = packRows(values, 3, c);
    expect(words.byteLength).toBe(packedBytes(3, c));
    expect(words.length).toBe(3 * wordsPerRow(c));
    expect([...unpackRows(words, 3, c)]).toEqual(values.map((v) => (v < 0 ? -1 : 1)));
    if (c % 32 !== 0)
      for (let r = 1; r <= 3; r++) expect(words[r * wordsPerRow(c) - 1]! >>> (c % 32)).toBe(0);
  });
  it('sizes of nothing are nothing', () => {
    expect([
      wordsPerRow(0),
      packedBytes(0, 64),
      packRows([], 0, 5).length,
      unpackRows(new Uint32Array(0), 0, 9).length,
    ]).toEqual([0, 0, 0, 0]);
  });
  it('refuses other lengths', () => {
    expect(code(() => packRows([1, 2], 1, 3))).toBe('shape-mismatch');
    expect(code(() => unpackRows(new Uint32Array(1), 1, 33))).toBe('shape-mismatch');
  });
  it('popcount equals the ones of the binary notation', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (word) => {
        expect(popcount(word)).toBe([...word.toString(2)].filter((d) => d === '1').length);
        expect(popcount(word | 0)).toBe(popcount(word));
      }),
    );
    expect([popcount(0), popcount(-1), popcount(0x80000000)]).toEqual([0, 32, 1]);
  });
});

describe('errors', () => {
  it('say what, got, expected and the next step, and carry code, source and cause', () => {
    const cause = new RangeError('x');
    const error = new BitgradError({
      code: 'io',
      source: 'bits',
      what: 'file',
      got: 'a',
      expected: 'b',
      next: 'Retry.',
      cause,
    });
    expect(error.message).toBe('[bitgrad/bits] file: got "a", expected b. Retry.');
    expect([error.code, error.source, error.cause, error.name]).toEqual([
      'io',
      'bits',
      cause,
      'BitgradError',
    ]);
    expect(new BitgradError({ code: 'io', source: 'x', what: 'w' }).message).toBe('[bitgrad/x] w.');
    expect(new Set(errorCodes).size).toBe(errorCodes.length);
  });
  it('shows values shortly', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(showValue(-0)).toBe('-0');
    expect(showValue(loop)).toBe('[object Object]');
    expect(showValue('y'.repeat(200))).toHaveLength(80);
    expect(showValue({ a: 1 })).toBe('{"a":1}');
    expect(showValue(function named() {})).toBe('function named');
    expect(showValue(undefined)).toBe('undefined');
  });
});
