// The files of a run belong together: all of them are those of one run, or the old ones stay.
//
// They are written under temporary names; then manifest.json, which holds their checksums and temporary names, is replaced
// by a rename: that is the moment from which the folder holds the new run. The renames to the lasting names come after it.
// Whoever reads takes a file under its lasting name, or, when the writer was killed between, under its temporary one, by
// the checksum; what fits neither is refused.
import { createHash } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BitgradError, reasonOf } from '@bitgrad/core';
import * as v from 'valibot';
import {
  ensureFolder,
  ioError,
  isTemporary,
  readIfThere,
  syncFolder,
  temporaryName,
  writeAtomically,
  writeDurably,
} from './atomic.js';

/** Name of the file that makes the others one run. */
export const manifestName = 'manifest.json';

const schema = v.object({
  version: v.literal(1),
  files: v.pipe(
    v.record(
      v.string(),
      v.object({
        bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
        sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
        /** Where it was written first. */
        written: v.string(),
      }),
    ),
    // A manifest of strangers must not make us read or rename files elsewhere.
    v.check(
      (files) =>
        Object.entries(files).every(
          ([name, { written }]) => !/[\\/]/.test(name) && isTemporary(written, name),
        ),
      'names of files elsewhere',
    ),
  ),
});
type Manifest = v.InferOutput<typeof schema>;
type Entry = Manifest['files'][string];

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const fits = (bytes: Uint8Array | undefined, entry: Entry): bytes is Uint8Array =>
  bytes !== undefined && bytes.length === entry.bytes && sha256(bytes) === entry.sha256;

async function readManifest(folder: string): Promise<{ text: string; manifest: Manifest } | undefined> {
  const path = join(folder, manifestName);
  const bytes = await readIfThere(path);
  if (!bytes) return undefined;
  const text = Buffer.from(bytes).toString('utf8');
  try {
    return { text, manifest: v.parse(schema, JSON.parse(text)) };
  } catch (cause) {
    throw new BitgradError({
      code: 'invalid-file',
      source: 'cli',
      what: `${path} is not a manifest of this version (${reasonOf(cause)})`,
      next: 'Write the run anew with `bitgrad train --resume` or `--overwrite`.',
      cause,
    });
  }
}

/** Gives files their lasting names that a killed process left under their temporary ones. */
async function settle(folder: string): Promise<void> {
  const found = await readManifest(folder);
  for (const [name, { written }] of Object.entries(found?.manifest.files ?? {}))
    await rename(join(folder, written), join(folder, name)).catch((cause) => {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    });
  await syncFolder(folder);
}

/**
 * Replaces the run of a folder: afterwards it holds these files, or, whenever this is interrupted, those of before.
 * @param files contents by name
 * @param owned asked before the moment that counts; throws when the folder has gone to another process
 * @throws BitgradError `io`
 */
export async function commitFiles(
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
  owned: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await ensureFolder(folder);
  const entries: Record<string, Entry> = {};
  try {
    for (const [name, contents] of Object.entries(files)) {
      const bytes = Buffer.from(contents as Uint8Array);
      const written = temporaryName(name);
      entries[name] = { bytes: bytes.length, sha256: sha256(bytes), written };
      await writeDurably(join(folder, written), bytes);
    }
    await syncFolder(folder);
    await owned();
  } catch (cause) {
    for (const { written } of Object.values(entries))
      await rm(join(folder, written), { force: true }).catch(() => undefined);
    if (cause instanceof BitgradError) throw cause;
    throw ioError(`the files of the run cannot be written to ${folder}`, cause);
  }
  const manifest: Manifest = { version: 1, files: entries };
  await writeAtomically(join(folder, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
  await settle(folder).catch((cause) => {
    throw ioError(`the files of the run in ${folder} cannot be renamed`, cause);
  });
}

/**
 * Finishes what a killed process had begun, and removes what it left half written. Only for the owner of the folder's lock.
 * @param names of files that are written there
 */
export async function cleanUp(folder: string, names: readonly string[]): Promise<void> {
  await settle(folder).catch((cause) => {
    // A manifest that is damaged is replaced by the next commit.
    if (!(cause instanceof BitgradError)) throw ioError(`${folder} cannot be used`, cause);
  });
  const left = (await readdir(folder).catch(() => [])).filter((file) =>
    [...names, manifestName].some((name) => isTemporary(file, name)),
  );
  await Promise.all(left.map((file) => rm(join(folder, file), { force: true })));
}

/** Files of one run, by name. */
export interface CommittedFiles {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** False for a folder without a manifest, whose files cannot be compared with their checksums. */
  readonly checked: boolean;
}

const missing = (path: string): BitgradError =>
  new BitgradError({
    code: 'io',
    source: 'cli',
    what: `${path} is missing`,
    next: 'Give a folder that `bitgrad train --out` has written.',
  });

const mixed = (path: string, entry: Entry | undefined, bytes: Uint8Array | undefined): BitgradError =>
  new BitgradError({
    code: 'checksum-mismatch',
    source: 'cli',
    what: `${path} is not the file that belongs to this run`,
    got: bytes ? `${bytes.length} bytes, sha256 ${sha256(bytes).slice(0, 16)}` : 'nothing',
    expected: entry
      ? `${entry.bytes} bytes, sha256 ${entry.sha256.slice(0, 16)}, as ${manifestName} says`
      : `a name in ${manifestName}`,
    next:
      'The folder mixes files of two runs, or the file was damaged or edited: `bitgrad train --resume` with the options of ' +
      `the run writes its files anew. Without ${manifestName} the folder opens unchecked.`,
  });

async function readOnce(
  folder: string,
  names: readonly string[],
  manifest: Manifest,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of names) {
    const path = join(folder, name);
    const entry = Object.hasOwn(manifest.files, name) ? manifest.files[name] : undefined;
    const bytes = await readIfThere(path);
    const found = !entry || fits(bytes, entry) ? bytes : await readIfThere(join(folder, entry.written));
    if (!entry || !fits(found, entry)) throw bytes || !entry ? mixed(path, entry, bytes) : missing(path);
    files.set(name, found);
  }
  return files;
}

/**
 * Reads files of one run.
 * @throws BitgradError `io` when one is missing, `checksum-mismatch` when one is not of the run, `invalid-file` for a
 *   manifest that is none
 */
export async function readCommitted(folder: string, names: readonly string[]): Promise<CommittedFiles> {
  const found = await readManifest(folder);
  if (!found) {
    const files = new Map<string, Uint8Array>();
    for (const name of names) {
      const bytes = await readIfThere(join(folder, name));
      if (!bytes) throw missing(join(folder, name));
      files.set(name, bytes);
    }
    return { files, checked: false };
  }
  try {
    return { files: await readOnce(folder, names, found.manifest), checked: true };
  } catch (error) {
    // A run may have been committed while it was read.
    if ((await readManifest(folder))?.text === found.text) throw error;
    return readCommitted(folder, names);
  }
}
