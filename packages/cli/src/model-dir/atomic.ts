// Files that are either the old one or the new one, whatever happens in between.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BitgradError, reasonOf } from '@bitgrad/core';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'Check that the path exists.',
  ENOTDIR: 'A part of the path is a file where a folder is needed.',
  EISDIR: 'It is a folder where a file is needed.',
  EACCES: 'You have no permission for it.',
  EPERM: 'You have no permission for it.',
  EROFS: 'The disk is read-only.',
  ENOSPC: 'The disk is full.',
  EDQUOT: 'Your share of the disk is full.',
  EMFILE: 'Too many files are open.',
};

/** An error of the file system, with what to do. */
export const ioError = (what: string, cause: unknown): BitgradError => {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  return new BitgradError({
    code: 'io',
    source: 'cli',
    what: `${what} (${code || reasonOf(cause)})`,
    next: reasons[code] ?? 'Check that the path exists, that it may be used, and that the disk is not full.',
    cause,
  });
};

/** Makes a folder and its parents. @throws BitgradError `io` */
export async function ensureFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause) => {
    throw ioError(`folder ${path} cannot be made`, cause);
  });
}

/** A name that no other process and no other call uses; {@link isTemporary} knows it again. */
export const temporaryName = (name: string): string =>
  `${name}.${process.pid}-${randomBytes(4).toString('hex')}.partial`;

/** Whether a file is what this command left half written under a name. Files of others may end in .partial as well. */
export const isTemporary = (file: string, name: string): boolean =>
  file.startsWith(`${name}.`) && /^\d+(-[0-9a-f]{8})?\.partial$/.test(file.slice(name.length + 1));

/** Writes a new file and forces it to the disk. */
export async function writeDurably(path: string, contents: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(contents);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Writes a file under a temporary name, forces it to the disk, and renames it: a reader, or a machine that loses power,
 * sees the old contents or the new ones.
 * @throws BitgradError `io`
 */
export async function writeAtomically(path: string, contents: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  try {
    await writeDurably(temporary, contents);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw ioError(`${path} cannot be written`, cause);
  }
}

/** A rename is durable when its folder is. Folders cannot be opened everywhere (Windows): there it is left out. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  if (!folder) return;
  await folder.sync().catch(() => undefined);
  await folder.close();
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
