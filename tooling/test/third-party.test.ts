// The licences of the code of others in our binaries are those of what is linked now, and are published with it.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { assemblyScript, lockedCrates, namedIn, wasmText } from '../scripts/third-party.mjs';
import { root } from '../workspace.mjs';

const read = (path: string): string => readFileSync(root + path, 'utf8');
const stale = '`pnpm third-party` writes it anew';

it('THIRD_PARTY.md of backend-native has every crate of Cargo.lock, in its version', () => {
  const named = [...new Set(namedIn(read('packages/backend-native/THIRD_PARTY.md')))];
  expect(lockedCrates().length).toBeGreaterThan(10);
  expect(named, stale).toEqual(lockedCrates());
});

it('every licence there has its terms, and grants use', () => {
  const text = read('packages/backend-native/THIRD_PARTY.md');
  const terms = [...text.matchAll(/```text\n([\s\S]*?)```/g)].map(([, each]) => each!);
  const listed = text.split(/```text[\s\S]*?```/).filter((part) => /^- /m.test(part));
  expect(terms.length).toBe(listed.length);
  for (const each of terms) expect(each).toMatch(/Permission (is|to use)/i);
});

it('THIRD_PARTY.md of backend-wasm has the licence and the notice of the AssemblyScript that compiles it', () => {
  const text = read('packages/backend-wasm/THIRD_PARTY.md');
  expect(text, stale).toBe(wasmText());
  expect(namedIn(text)).toEqual([`assemblyscript ${assemblyScript().version}`]);
});

it.each(['backend-native', 'backend-wasm'])('%s publishes it', (name) => {
  expect(JSON.parse(read(`packages/${name}/package.json`)).files).toContain('THIRD_PARTY.md');
});
