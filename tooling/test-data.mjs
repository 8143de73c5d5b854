// Published data sets that the repository does not hold: tests of them run where BITGRAD_TEST_DATA names a folder with them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} name of the set's folder in `BITGRAD_TEST_DATA`
 * @returns {{ folder: string, missing: string }} `missing`: why it cannot be read; empty when it can
 */
export function testData(name) {
  const root = process.env.BITGRAD_TEST_DATA;
  const folder = join(root ?? '', name);
  if (!root) return { folder, missing: `BITGRAD_TEST_DATA names no folder with ${name}` };
  return { folder, missing: existsSync(folder) ? '' : `no ${folder}` };
}
