// What comes out of a .tar.gz: files of the names and sizes that were announced, or all of it; links, devices and paths
// that lead elsewhere never. First beside the place, then by renaming.
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ReadEntry } from 'tar';
import { BitgradError, reasonOf } from '@bitgrad/core';
import { fileFailure } from '../../errors.js';

const incomplete = (archive: string, what: string): BitgradError =>
  fileFailure('invalid-file', archive, undefined, `it has no ${what}`);

/**
 * @param archive a .tar.gz; messages name it
 * @param wanted sizes of files by name, whatever folder of the archive they are in; or the name of a folder for all of it
 * @param folder where it comes
 * @throws BitgradError `invalid-file` for what is no archive, or one that lacks a file
 */
export async function unpack(
  archive: string,
  wanted: Readonly<Record<string, number>> | string,
  folder: string,
): Promise<void> {
  const { extract } = await import('tar');
  const all = typeof wanted === 'string';
  const temporary = await mkdtemp(join(folder, '.unpack-'));
  try {
    await extract({
      file: archive,
      cwd: temporary,
      strict: true,
      filter: (path, entry) => {
        const { type, size } = entry as ReadEntry;
        if (all) return type === 'File' || type === 'Directory';
        return type === 'File' && Object.hasOwn(wanted, basename(path)) && wanted[basename(path)] === size;
      },
      onReadEntry: (entry) => {
        if (!all) entry.path = basename(entry.path);
      },
    });
    if (all) {
      if ((await readdir(temporary)).length === 0) throw incomplete(archive, 'a file');
      await rename(temporary, join(folder, wanted));
      return;
    }
    for (const [name, bytes] of Object.entries(wanted)) {
      const found = await stat(join(temporary, name)).catch(() => undefined);
      if (found?.size !== bytes) throw incomplete(archive, `${name} of ${bytes} bytes`);
    }
    for (const name of Object.keys(wanted)) await rename(join(temporary, name), join(folder, name));
  } catch (cause) {
    if (cause instanceof BitgradError) throw cause;
    throw fileFailure('invalid-file', archive, undefined, 'it cannot be unpacked', {
      got: reasonOf(cause),
      expected: 'a .tar.gz as published',
      cause,
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
