// Files of a run that are either the old one or the new one, whenever a process or a worker on another machine ends.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A name of one's own: a worker that lost its job may still be writing the same file. */
const partialOf = (path: string): string => `${path}.${randomUUID()}.partial`;

/** Writes a file under another name, and renames it. */
export function writeWhole(path: string, contents: Uint8Array | string): void {
  const partial = partialOf(path);
  try {
    writeFileSync(partial, contents);
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
}

/**
 * Writes a folder of files once: where another process was faster, its folder stays.
 * @param whole a file that the folder has when it is whole
 */
export function writeWholeFolder(
  path: string,
  files: ReadonlyMap<string, Uint8Array | string>,
  whole: string,
): void {
  const partial = partialOf(path);
  mkdirSync(partial, { recursive: true });
  try {
    for (const [name, contents] of files) writeFileSync(join(partial, name), contents);
    renameSync(partial, path);
  } catch (error) {
    if (!existsSync(join(path, whole))) throw error;
  } finally {
    removePartials(path);
  }
}

/** Removes a file, and what processes that ended in the middle have left of it. */
export function removeWhole(path: string): void {
  rmSync(path, { force: true });
  removePartials(path);
}

function removePartials(path: string): void {
  const [folder, name] = [dirname(path), basename(path)];
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder))
    if (file.startsWith(`${name}.`) && file.endsWith('.partial'))
      rmSync(join(folder, file), { recursive: true, force: true });
}
