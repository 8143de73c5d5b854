// FORMAT.md has the ops that there are: `pnpm format-table` writes its table from the definitions.
import { expect, it } from 'vitest';
import { formatTable } from '../scripts/format-table.js';

it('has the table of the definitions', () => {
  const { present, wanted } = formatTable();
  expect(present).toBe(wanted);
});
