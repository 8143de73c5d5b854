// Which folder a run writes to, and what is in it already.
import { existsSync, statSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BitgradError } from '@bitgrad/core';
import { ensureFolder } from './model-dir/atomic.js';
import { cleanUp, manifestName } from './model-dir/commit.js';
import { isLocked, lockFolder, type FolderLock } from './model-dir/lock.js';
import { checkpointName, infoName, modelFiles } from '@bitgrad/recipe';
import { eventsName, historyName } from './run-log.js';

/** What the user said about the folder. */
export interface FolderOptions {
  readonly out?: string;
  readonly resume: boolean;
  readonly overwrite: boolean;
}

/** The files that a run has, apart from the manifest. */
const runFiles = [checkpointName, infoName, ...modelFiles] as const;

const holdsRun = (folder: string): boolean =>
  [...runFiles, manifestName].some((name) => existsSync(join(folder, name)));

/**
 * The folder of a run. Without `out` it is `runs/<name>`, or the first of `runs/<name>-2`, `-3`, ... that is free; with
 * `resume` the last that is not.
 * @throws BitgradError `invalid-option` when `out` holds a run that would be overwritten
 */
export async function chooseFolder(options: FolderOptions, name: string, directory: string): Promise<string> {
  if (options.out !== undefined) {
    const folder = resolve(directory, options.out);
    if (existsSync(folder) && !statSync(folder).isDirectory())
      throw new BitgradError({
        code: 'invalid-option',
        source: 'cli',
        what: '--out',
        got: folder,
        expected: 'a folder; this is a file',
      });
    if (holdsRun(folder) && !options.resume && !options.overwrite)
      throw new BitgradError({
        code: 'invalid-option',
        source: 'cli',
        what: '--out holds a run already',
        got: folder,
        next: 'Add --resume to go on with it, --overwrite to replace it, or choose another folder.',
      });
    return folder;
  }
  const base = resolve(directory, 'runs', name);
  const candidate = (i: number): string => (i === 1 ? base : `${base}-${i}`);
  let free = 1;
  while (holdsRun(candidate(free)) || (await isLocked(candidate(free)))) free += 1;
  return candidate(options.resume && free > 1 ? free - 1 : free);
}

/**
 * Works in a run's folder as its only owner: takes the lock, finishes or removes what a killed process has left, and gives
 * the lock back. A folder that was made for it and stays empty is removed.
 * @throws BitgradError `invalid-state` when another process works there; what `work` raises
 */
export async function inRunFolder<T>(
  folder: string,
  note: (text: string) => void,
  work: (lock: FolderLock) => Promise<T>,
): Promise<T> {
  const made = !existsSync(folder);
  await ensureFolder(folder);
  const lock = await lockFolder(folder);
  try {
    if (lock.tookOver) note(`${folder} was in use by ${lock.tookOver} and has ended: taking over`);
    await cleanUp(folder, [...runFiles, historyName, eventsName]);
    return await work(lock);
  } finally {
    await lock.release();
    if (made) await rmdir(folder).catch(() => undefined);
  }
}
