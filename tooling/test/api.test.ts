// What others rely on by name is still there, and asks for nothing more (docs/compatibility.md).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  announces,
  apiReports,
  breakingLevel,
  compareApi,
  exportsOf,
  membersOf,
  recordedReports,
  whatToDo,
} from '../scripts/api-report.mjs';
import { root } from '../workspace.mjs';

it('every export and every member of a contract is as recorded in tooling/api', () => {
  const { breaking, added } = compareApi(recordedReports(), apiReports());
  expect(breaking, whatToDo).toEqual([]);
  expect(added, 'new names: `pnpm api-report` records them').toEqual([]);
});

it('the names are those that a program gets', async () => {
  // Read from the syntax above; here the module itself says.
  const bits = Object.keys((await import(`${root}packages/bits/src/index.ts`)) as object);
  const read = exportsOf(`${root}packages/bits/src/index.ts`).filter((line) => line.startsWith('value '));
  expect(read.map((line) => line.split(' ')[1]).sort()).toEqual(bits.sort());
});

it('exports and members are found in every form', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-api-'));
  const text = `export * from './other.js';
    export * as all from './other.js';
    export { a as b, type C } from './other.js';
    export type { D } from './other.js';
    export const g = 3;
    export function h() {}
    export interface I { j: number; k?(): void;
      /** @internal */
      l: string }
    interface Hidden { m: number }
    export default {};`;
  writeFileSync(join(folder, 'index.ts'), text);
  writeFileSync(join(folder, 'other.ts'), 'export class a {}\nexport type C = 1;\nexport type D = 2;');
  const wanted = 'type C,type C,type D,type D,type I,value a,value all,value b,value default,value g,value h';
  expect(exportsOf(join(folder, 'index.ts')).sort().join()).toBe(wanted);
  expect(membersOf(join(folder, 'index.ts'))).toEqual(['required I.j', 'optional I.k']);
  rmSync(folder, { recursive: true });
});

it.each([
  ['an export that is gone', { x: ['p value a', 'p value b'] }, { x: ['p value a'] }, ['x: gone: p value b'], 0], // prettier-ignore
  ['a value that became a type', { x: ['p value a'] }, { x: ['p type a'] }, ['x: gone: p value a'], 1],
  ['a package that is gone', { x: ['p value a'] }, {}, ['x: gone: p value a'], 0],
  ['a new export', { x: ['p value a'] }, { x: ['p value a', 'p value b'] }, [], 1],
  ['a member that contracts require now', { contracts: ['f required Engine.name'] }, { contracts: ['f required Engine.name', 'f required Engine.size'] }, ['contracts: asked of everyone: f required Engine.size'], 0], // prettier-ignore
  ['an optional one', { contracts: ['f required Engine.name'] }, { contracts: ['f required Engine.name', 'f optional Engine.size'] }, [], 1], // prettier-ignore
  ['a new contract', { contracts: ['f required Engine.name'] }, { contracts: ['f required Engine.name', 'f required Codec.name'] }, [], 1], // prettier-ignore
  ['more that quantizers are given', { contracts: ['f required QuantizeContext.clock'] }, { contracts: ['f required QuantizeContext.clock', 'f required QuantizeContext.rng'] }, [], 1], // prettier-ignore
])('%s', (_, recorded, now, breaking, added) => {
  const found = compareApi(recorded, now);
  expect(found.breaking).toEqual(breaking);
  expect(found.added).toHaveLength(added);
});

it('a breaking change is announced by its level', () => {
  expect([breakingLevel('0.3.1'), breakingLevel('1.0.0')]).toEqual(['minor', 'major']);
  const text = (level: string) => `---\n'@bitgrad/core': ${level}\n---\n\nmajor news: minor\n`;
  expect(announces(text('patch'), 'minor')).toBe(false);
  expect(announces(text('minor'), 'minor')).toBe(true);
  expect(announces(text('minor'), 'major')).toBe(false);
  expect(announces(text('major'), 'minor')).toBe(true);
});
