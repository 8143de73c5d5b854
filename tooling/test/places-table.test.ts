// The README's table of places: what ran, where and why not otherwise.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { between, table } from '../scripts/places.mjs';
import { root } from '../workspace.mjs';

const note = { place: 'A', engine: 'js', threads: 1, reason: '', bytes: '1 kB', ms: 12.345 };
const written = (...notes: object[]): string => notes.map((one) => JSON.stringify(one)).join('\n');
const microcontrollers = 'flash 9288, memory 1512\ninstructions 5000000\n';

it('has a row for each engine and number of threads, with the reason where another was asked for', () => {
  const notes = written(
    note,
    { ...note, engine: 'wasm simd', ms: 0.25 },
    { ...note, reason: 'a page is forbidden by Content Security Policy' },
    { ...note, place: 'B', ms: 0 },
  );
  const lines = table({ notes, microcontrollers }, '2 cores of X').split('\n').slice(2);
  expect(lines.slice(0, 3)).toEqual([
    '| A | js | 1 | 1 kB | 12 | the policy forbids WebAssembly, so `js` ran |',
    '| A | wasm simd | 1 | 1 kB | 0.25 |  |',
    '| B | js | 1 | 1 kB | < 0.1 |  |',
  ]);
  expect(lines[3]).toContain(
    '| 9,288 B of flash, 1,512 B of memory | - | another network, for MNIST: 5.0 million',
  );
  expect(lines.at(-1)).toBe('Times are medians, for one picture, on 2 cores of X.');
});

it('is not written without what it needs', () => {
  expect(() => table({ notes: written(note), microcontrollers: '' })).toThrow('microcontrollers');
  expect(() => between('no markers', 'x')).toThrow('markers');
});

it('is in the README', () => {
  const text = readFileSync(`${root}README.md`, 'utf8');
  const section = /<!-- places: written by `pnpm places` -->([\s\S]*)<!-- \/places -->/.exec(text)![1]!;
  for (const place of ['Node 24', 'Bun', 'Deno', 'Cloudflare Workers', 'Hermes', 'QuickJS', 'MV3', 'RISC-V'])
    expect(section).toContain(place);
});
