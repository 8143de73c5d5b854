// Published data sets that the repository does not hold: tests of them run where BITGRAD_TEST_DATA names a folder with them.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

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

/**
 * A folder of test data with what its archives hold: recordings, or pictures, of which the test set is enough. What is
 * unpacked is gone when the test has finished.
 * @param {string} folder that {@link testData} gave
 * @returns {string} that folder, where nothing in it is packed
 */
export function unpacked(folder) {
  const [recordings, pictures] = ['recordings', 'test'].map((name) => join(folder, `${name}.tar.gz`));
  if (!existsSync(recordings) && !existsSync(pictures)) return folder;
  const to = mkdtempSync(join(tmpdir(), 'bitgrad-data-'));
  onTestFinished(() => rmSync(to, { recursive: true }));
  if (existsSync(recordings)) {
    execFileSync('tar', ['-xzf', recordings, '--strip-components=1', '-C', to]);
    return to;
  }
  execFileSync('tar', ['-xzf', pictures, '-C', to]);
  // Folders are read with a training set: a picture of each class.
  for (const label of readdirSync(join(to, 'test')))
    cpSync(join(to, 'test', label, '0000.jpg'), join(to, 'train', label, '0000.jpg'));
  return to;
}
