// Files that are either the old one or the new one, whatever happens in between.
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BitgradError } from '@bitgrad/core';

const suffix = '.partial';

const ioError = (what: string, cause: unknown): BitgradError =>
  new BitgradError({
    code: 'io',
    source: 'cli',
    what: `${what} (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message})`,
    next: 'Check that the path exists, that it may be used, and that the disk is not full.',
    cause,
  });

/** Makes a folder and its parents. @throws BitgradError `io` */
export async function ensureFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause) => {
    throw ioError(`folder ${path} cannot be made`, cause);
  });
}

/**
 * Writes a file under a temporary name, forces it to the disk, and renames it: a reader, or a machine that loses power,
 * sees the old contents or the new ones.
 * @throws BitgradError `io`
 */
export async function writeAtomically(path: string, contents: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${process.pid}${suffix}`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(contents);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw ioError(`${path} cannot be written`, cause);
  }
}

/** A rename is durable when its folder is. Folders cannot be opened everywhere (Windows): there it is left out. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  if (!folder) return;
  await folder.sync().catch(() => undefined);
  await folder.close();
}

/** Removes what a killed process left half written. */
export async function removePartials(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const partial = names.filter((name) => basename(name).endsWith(suffix));
  await Promise.all(partial.map((name) => rm(join(folder, name), { force: true })));
}

/** A file's bytes, or undefined when there is none. @throws BitgradError `io` */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw ioError(`${path} cannot be read`, cause);
  }
}
