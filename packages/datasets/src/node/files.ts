// Reading files and folders: every failure of the file system becomes a BitgradError `io` that names the path.
import { readdir, readFile, stat } from 'node:fs/promises';
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
  return failure('io', `cannot read ${path}`, { got: reasons[code] ?? String(cause), cause });
};

/** The names in a folder, sorted by code unit so that the order is the same everywhere. Throws `io`. */
export async function listFolder(path: string): Promise<{ files: string[]; folders: string[] }> {
  try {
    const entries = (await readdir(path, { withFileTypes: true })).filter(
      ({ name }) => !name.startsWith('.'),
    );
    const files: string[] = [];
    const folders: string[] = [];
    for (const entry of entries) {
      // Links are followed: data sets are often linked from a shared disk.
      const folder = entry.isSymbolicLink()
        ? (await stat(join(path, entry.name))).isDirectory()
        : entry.isDirectory();
      (folder ? folders : files).push(entry.name);
    }
    return { files: files.sort(), folders: folders.sort() };
  } catch (cause) {
    throw ioFailure(path, cause);
  }
}

/** A file's contents with its path as its name. Throws `io`, and `limit-exceeded` before reading one that is too large. */
export async function readNamed(
  path: string,
  maxBytes = defaultMaxBytes,
): Promise<{ name: string; bytes: Uint8Array }> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes)
      throw fileFailure('limit-exceeded', path, undefined, 'file size', {
        got: size,
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
  throw failure('io', `no ${what} in ${folder}`, {
    got: present.length > 0 ? `files: ${shown}` : 'an empty folder',
    expected: names.join(' or '),
  });
}
