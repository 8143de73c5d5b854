import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { packageTable, tableIn, withTable } from '../scripts/package-table.mjs';
import { root } from '../workspace.mjs';

it('docs/design.md has the packages as their manifests say (pnpm package-table writes it)', () => {
  const text = readFileSync(`${root}docs/design.md`, 'utf8');
  expect(tableIn(text)).toBe(tableIn(withTable(text, packageTable())));
  expect(tableIn(text)).toContain('packages/runtime');
});
