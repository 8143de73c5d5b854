import { crc32 as zlib } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { crc32 } from '../src/index.js';

const text = (s: string) => new TextEncoder().encode(s);

afterEach(() => vi.restoreAllMocks());

describe.each(['of Node', 'of its own'])('crc32 %s', (which) => {
  const without = () =>
    which === 'of its own' && vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);

  it('gives the check value of the standard', () => {
    without();
    expect(crc32(text('123456789'))).toBe(0xcbf43926);
    expect(crc32(text(''))).toBe(0);
  });

  it('goes on from the checksum of what came before', () => {
    without();
    expect(crc32(text('56789'), crc32(text('1234')))).toBe(0xcbf43926);
  });

  it.runIf(typeof zlib === 'function')('agrees with zlib on every byte', () => {
    const bytes = Uint8Array.from({ length: 999 }, (_, i) => (i * 167) & 255);
    const expected = zlib(bytes);
    without();
    expect(crc32(bytes)).toBe(expected);
  });
});
