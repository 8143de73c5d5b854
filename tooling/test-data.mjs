// Published data sets that the repository does not hold: tests of them run where BITGRAD_TEST_DATA names a folder with them.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

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
 * For a file of tests, which calls it once: unpacks folders of test data. They are gone when its tests have ended, and so are the
 * pictures that were decoded from them, which would push those of the user out of the cache.
 * @returns {(folder: string) => string} from a folder that {@link testData} gave to one with what its archives hold: recordings,
 *   or pictures, of which the test set is enough; that folder itself, where nothing in it is packed
 */
export function unpacker() {
  const root = mkdtempSync(join(tmpdir(), 'bitgrad-data-'));
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(root, 'cache');
  afterAll(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    rmSync(root, { recursive: true });
  });
  const known = new Map();
  return (folder) => {
    if (!known.has(folder)) known.set(folder, unpack(folder, join(root, String(known.size))));
    return known.get(folder);
  };
}

/** @param {string} folder @param {string} to a new folder @returns {string} either */
function unpack(folder, to) {
  const [recordings, pictures] = ['recordings', 'test'].map((name) => join(folder, `${name}.tar.gz`));
  if (!existsSync(recordings) && !existsSync(pictures)) return folder;
  mkdirSync(to);
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
