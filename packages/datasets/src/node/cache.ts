// Pictures that were resized before, kept among the caches of the user: a folder of large photos is decoded once. A picture
// is taken from here only while its file has the same size and times and the form is the same.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ImageForm } from '../images.js';

/** Bytes that the caches of all folders may take together; the ones not used for longest go first. */
const mostBytes = 2 ** 30;
const suffix = '.pictures';
/** What is being written; a process that ends in the middle leaves it. */
const partial = '.partial';
/** After so many milliseconds nobody is writing it any more. */
const abandoned = 3_600_000;
const magic = Buffer.from('bgpics01');
const hashBytes = 32;

/** The folder for caches of this system. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  const base =
    platform === 'darwin'
      ? join(homedir(), 'Library', 'Caches')
      : platform === 'win32'
        ? (env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'))
        : env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(base, 'bitgrad');
}

/** What must be unchanged for a kept picture to be that of a file. */
export const stampOf = async (path: string): Promise<{ stamp: string; size: number }> => {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path);
  return { stamp: `${size} ${mtimeMs} ${ctimeMs} ${ino}`, size };
};

/** Resized pictures by path. */
export interface PictureCache {
  /** uint8 [height, width, channels], or undefined. */
  find(path: string, stamp: string): Uint8Array | undefined;
  /** Keeps pictures beside those that are here already; what cannot be kept is not. */
  keep(pictures: readonly { path: string; stamp: string; bytes: Uint8Array }[]): Promise<void>;
}

type Entries = Map<string, { stamp: string; bytes: Uint8Array }>;

const hashOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** The entries of a file; none where it is missing or not whole. */
async function readEntries(file: string, pixels: number): Promise<Entries> {
  const entries: Entries = new Map();
  const bytes = await readFile(file).catch(() => undefined);
  if (!bytes || bytes.length < magic.length + 4 + hashBytes || !bytes.subarray(0, 8).equals(magic))
    return entries;
  const body = bytes.subarray(0, bytes.length - hashBytes);
  if (!hashOf(body).equals(bytes.subarray(bytes.length - hashBytes))) return entries;
  const start = 12 + bytes.readUInt32LE(8);
  const list = JSON.parse(bytes.subarray(12, start).toString('utf8')) as [string, string][];
  list.forEach(([path, stamp], i) =>
    entries.set(path, { stamp, bytes: body.subarray(start + i * pixels, start + (i + 1) * pixels) }),
  );
  return entries;
}

async function writeEntries(folder: string, file: string, entries: Entries): Promise<void> {
  const list = Buffer.from(JSON.stringify([...entries].map(([path, { stamp }]) => [path, stamp])));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(list.length);
  const body = Buffer.concat([magic, length, list, ...[...entries.values()].map(({ bytes }) => bytes)]);
  if (body.length > mostBytes) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomUUID()}${partial}`;
  try {
    await writeFile(temporary, Buffer.concat([body, hashOf(body)]), { mode: 0o600 });
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
  await prune(folder);
}

/** Removes what was never finished, and the files that were not used for longest, until the rest is within the bound. */
async function prune(folder: string): Promise<void> {
  const found = await Promise.all(
    (await readdir(folder))
      .filter((name) => name.endsWith(suffix) || name.endsWith(partial))
      .map(async (name) => ({ path: join(folder, name), ...(await stat(join(folder, name))) })),
  );
  const old = Date.now() - abandoned;
  for (const { path, mtimeMs } of found)
    if (path.endsWith(partial) && mtimeMs < old) await rm(path, { force: true });
  let total = 0;
  const whole = found.filter(({ path }) => path.endsWith(suffix));
  for (const { path, size } of whole.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
    total += size;
    if (total > mostBytes) await rm(path, { force: true });
  }
}

/**
 * The cache of a folder of pictures in a form. It never fails: what cannot be read or written is decoded again.
 * @param folder where caches are
 * @param root the folder of the pictures, as a real path
 */
export async function openCache(folder: string, root: string, form: ImageForm): Promise<PictureCache> {
  const key = createHash('sha256')
    .update(JSON.stringify([1, root, form.shape, form.picture]))
    .digest('hex');
  const file = join(folder, `${key.slice(0, 40)}${suffix}`);
  const pixels = form.shape[0] * form.shape[1] * form.shape[2];
  const entries = await readEntries(file, pixels).catch((): Entries => new Map());
  const now = new Date();
  if (entries.size > 0) await utimes(file, now, now).catch(() => undefined);
  return {
    find(path, stamp) {
      const entry = entries.get(path);
      return entry?.stamp === stamp ? entry.bytes : undefined;
    },
    async keep(pictures) {
      for (const { path, stamp, bytes } of pictures) entries.set(path, { stamp, bytes });
      await writeEntries(folder, file, entries).catch(() => undefined);
    },
  };
}
