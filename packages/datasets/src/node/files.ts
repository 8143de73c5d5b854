// Reading files and folders: every failure of the file system becomes a BitgradError `io` that names the path.
import type { Dirent } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BitgradError } from '@bitgrad/core';
import { defaultMaxBytes } from '../bytes.js';
import { failure, fileFailure } from '../errors.js';

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  ENOTDIR: 'not a folder',
  EISDIR: 'a folder where a file is expected',
};

const ioFailure = (path: string, cause: unknown) => {
  const code = (cause as { code?: string }).code ?? '';
  return failure('io', { what: `cannot read ${path}`, got: reasons[code] ?? String(cause), cause });
};

const isHidden = (name: string): boolean => name.startsWith('.');

/** What a folder's entry is; links are followed: data sets are often linked from a shared disk. */
const kindOf = async (path: string, entry: Dirent): Promise<'file' | 'folder' | 'other'> => {
  const known = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
  return known?.isDirectory() ? 'folder' : known?.isFile() ? 'file' : 'other';
};

/** The files and folders in a folder, sorted by code unit so that the order is the same everywhere. Throws `io`. */
export async function listFolder(
  path: string,
): Promise<{ files: string[]; folders: string[]; others: string[] }> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    const found = { file: [] as string[], folder: [] as string[], other: [] as string[] };
    for (const entry of entries)
      if (!isHidden(entry.name)) found[await kindOf(join(path, entry.name), entry)].push(entry.name);
    return { files: found.file.sort(), folders: found.folder.sort(), others: found.other.sort() };
  } catch (cause) {
    throw ioFailure(path, cause);
  }
}

/** More files than this are not listed. */
const mostFiles = 2 ** 22;

/** Files, folders and others (pipes, sockets, devices, broken links) below a folder, as paths joined by `/`. */
export interface Tree {
  readonly files: string[];
  readonly folders: string[];
  readonly others: string[];
}

/**
 * All that is below a folder, hidden files apart.
 * @throws BitgradError `io`; `limit-exceeded` for a link that leads back to a folder above it, or for too many files
 */
export async function walkFolder(root: string): Promise<Tree> {
  const tree: Tree = { files: [], folders: [], others: [] };
  const walk = async (path: string, above: readonly string[]): Promise<void> => {
    const real = await realpath(join(root, path)).catch((cause: unknown) => {
      throw ioFailure(join(root, path), cause);
    });
    const round = above.includes(real);
    if (round || tree.files.length > mostFiles)
      throw failure('limit-exceeded', {
        what: `${join(root, path)}: ${round ? 'a link round in a circle' : 'files'}`,
        expected: round ? 'links to other folders' : `at most ${mostFiles}`,
      });
    const { files, folders, others } = await listFolder(join(root, path));
    const below = (name: string): string => (path === '' ? name : `${path}/${name}`);
    for (const name of files) tree.files.push(below(name));
    for (const name of others) tree.others.push(below(name));
    for (const name of folders) {
      tree.folders.push(below(name));
      await walk(below(name), [...above, real]);
    }
  };
  await walk('', []);
  return tree;
}

/**
 * A file's contents with its path as its name.
 * @throws BitgradError `io`, also for a pipe or a device, which would be waited for or never end; `limit-exceeded` before
 *   reading one that is too large
 */
export async function readNamed(
  path: string,
  maxBytes = defaultMaxBytes,
): Promise<{ name: string; bytes: Uint8Array }> {
  try {
    const found = await stat(path);
    if (!found.isFile() && !found.isDirectory())
      throw failure('io', {
        what: `cannot read ${path}`,
        got: 'a pipe, socket or device',
        expected: 'a file',
      });
    if (found.size > maxBytes)
      throw fileFailure('limit-exceeded', path, undefined, 'file size', {
        got: found.size,
        expected: `at most ${maxBytes} bytes`,
      });
    return { name: path, bytes: await readFile(path) };
  } catch (cause) {
    if (cause instanceof BitgradError) throw cause;
    throw ioFailure(path, cause);
  }
}

/** The first of `names` that a folder has, as a path; throws `io` listing what is there. */
export function findFile(
  folder: string,
  present: readonly string[],
  names: readonly string[],
  what: string,
): string {
  const found = names.find((name) => present.includes(name));
  if (found !== undefined) return join(folder, found);
  const shown = present.slice(0, 8).join(', ') + (present.length > 8 ? ', ...' : '');
  throw failure('io', {
    what: `no ${what} in ${folder}`,
    got: present.length > 0 ? `files: ${shown}` : 'an empty folder',
    expected: names.join(' or '),
  });
}
