// Where runs write in Node: whole folders, and files, each as one step.
import { dirname, resolve } from 'node:path';
import type { Storage } from '@bitgrad/recipe';
import { inRunFolder } from '../run-folder.js';
import { ensureFolder, writeAtomically } from './atomic.js';
import { commitFiles } from './commit.js';

export const nodeStorage: Storage = {
  folder: (path, files) =>
    inRunFolder(
      resolve(path),
      () => undefined,
      (lock) => commitFiles(resolve(path), files, () => lock.check()),
    ),
  async file(path, bytes) {
    await ensureFolder(dirname(resolve(path)));
    await writeAtomically(resolve(path), bytes);
  },
};
