// The table of options in the README is that of the schema; `pnpm vitest run test/readme.test.ts -u` writes it.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { optionsTable, recipeEntries } from '../src/index.js';

it('has the options of a recipe', async () => {
  const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const mark = '<!-- options of recipe -->';
  const before = text.slice(0, text.indexOf(mark) + mark.length);
  const after = text.slice(text.indexOf('<!-- end -->'));
  const table = optionsTable(recipeEntries, 'name');
  await expect(`${before}\n\n${table}\n\n${after}`).toMatchFileSnapshot('../README.md');
});
