// Which folder a run writes to, and what is in it already.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BitgradError } from '@bitgrad/core';

/** Name of the checkpoint in a run's folder. */
export const checkpointName = 'checkpoint';

/** What the user said about the folder. */
export interface FolderOptions {
  readonly out?: string;
  readonly resume: boolean;
  readonly overwrite: boolean;
}

const holdsRun = (folder: string): boolean =>
  [checkpointName, 'model.json', 'bitgrad.json'].some((name) => existsSync(join(folder, name)));

/**
 * The folder of a run. Without `out` it is `runs/<name>`, or the first of `runs/<name>-2`, `-3`, ... that is free; with
 * `resume` the last that is not.
 * @throws BitgradError `invalid-option` when `out` holds a run that would be overwritten
 */
export function chooseFolder(options: FolderOptions, name: string, directory: string): string {
  if (options.out !== undefined) {
    const folder = resolve(directory, options.out);
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
  while (holdsRun(candidate(free))) free += 1;
  return candidate(options.resume && free > 1 ? free - 1 : free);
}
