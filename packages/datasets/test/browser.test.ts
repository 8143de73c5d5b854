// The main entry must run in a browser: nothing that it reaches may import Node or a decoder that needs Node's Buffer.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const reach = (file: string, seen = new Map<string, string[]>()): Map<string, string[]> => {
  if (seen.has(file)) return seen;
  const source = readFileSync(file, 'utf8');
  const imports = [...source.matchAll(/from '([^']+)'|import\('([^']+)'\)|^import '([^']+)'/gm)].map(
    (m) => m[1] ?? m[2] ?? m[3] ?? '',
  );
  seen.set(
    file,
    imports.filter((name) => !name.startsWith('.')),
  );
  for (const name of imports.filter((n) => n.startsWith('.')))
    reach(resolve(dirname(file), name.replace(/\.js$/, '.ts')), seen);
  return seen;
};

const entry = (name: string) => reach(fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url)));

it('reaches only core and fflate from the main entry', () => {
  const files = entry('index');
  expect(files.size).toBeGreaterThan(10);
  expect([...new Set([...files.values()].flat())].sort()).toEqual(['@bitgrad/core', 'fflate']);
  for (const file of files.keys())
    expect(readFileSync(file, 'utf8')).not.toMatch(/\b(Buffer|process|require)\b\s*[.(]/);
});

it('would notice: the node entry reaches Node', () => {
  expect([...entry('node').values()].flat()).toContain('node:fs/promises');
});
