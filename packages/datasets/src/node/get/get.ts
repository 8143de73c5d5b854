// Getting a data set: its files are brought into a folder beside the others, judged, and only then renamed to what they are
// called. What is there already and right stays.
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOptions, checkValue, option, reasonOf, type OptionRules } from '@bitgrad/core';
import { failure } from '../../errors.js';
import type { RemoteFile } from '../../source.js';
import { difference, download, type DownloadSettings } from './download.js';
import { findSource, type NamedSource } from './sources.js';
import { unpack } from './unpack.js';

/** How far a file has come. */
export interface GetProgress {
  readonly file: string;
  /** Bytes. */
  readonly done: number;
  readonly total: number | undefined;
}

/** Options of {@link getData}. */
export interface GetOptions {
  /**
   * Addresses that are tried before the published ones: `MIRROR/FILE`, where `{name}` in the mirror stands for the data set.
   * Sums are compared with whatever they give.
   */
  readonly mirrors?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: GetProgress) => void;
  /** So long a server may send nothing, in ms; default 60,000. */
  readonly silenceMs?: number;
  /** Attempts in a row that bring nothing new, for each address; default 5. */
  readonly tries?: number;
  /** Wait before the second attempt, in ms, and twice as long before each further one; default 500. */
  readonly waitMs?: number;
}

/** A file of {@link GetResult}. */
export interface GotFile {
  readonly name: string;
  /** `kept`: it was there already. */
  readonly status: 'downloaded' | 'resumed' | 'kept';
  /** The address; none of what was kept. */
  readonly from?: string;
  /** What says that it is the right file; nothing does of a folder that was kept. */
  readonly judgedBy?: 'md5' | 'sha256' | 'reader' | 'size';
}

/** What {@link getData} gives. */
export interface GetResult {
  readonly name: string;
  readonly folder: string;
  readonly files: readonly GotFile[];
  /** What {@link loadDataset} and `--data` take. */
  readonly spec: string;
  readonly page: string;
  readonly licence: string;
}

const mirrorRule = option.of(
  'http or https addresses',
  (v) =>
    Array.isArray(v) &&
    v.every((url) => typeof url === 'string' && /^https?:/.test(url) && URL.canParse(url)),
);
const rules: OptionRules<GetOptions> = {
  mirrors: mirrorRule,
  signal: option.signal,
  onProgress: option.callback,
  silenceMs: option.integer(1),
  tries: option.integer(1),
  waitMs: option.integer(0),
};

const isThere = (path: string): Promise<boolean> => stat(path).then(() => true, () => false); // prettier-ignore

/** Names in the folder that a file becomes. */
const targetsOf = ({ name, unpack: parts }: RemoteFile): readonly string[] =>
  parts === undefined ? [name] : typeof parts === 'string' ? [parts] : Object.keys(parts);

const judgeOf = (file: RemoteFile): GotFile['judgedBy'] => file.sum?.algorithm ?? 'reader';

/**
 * Whether a file's targets are there and right.
 * @throws BitgradError `checksum-mismatch` for one that is there and wrong: it may be the user's own
 */
async function isKept(file: RemoteFile, folder: string, signal?: AbortSignal): Promise<boolean> {
  const paths = targetsOf(file).map((name) => join(folder, name));
  if (!(await Promise.all(paths.map(isThere))).every(Boolean)) return false;
  const { unpack: parts } = file;
  for (const [i, path] of paths.entries()) {
    const bytes = typeof parts === 'object' ? Object.values(parts)[i] : undefined;
    const differs =
      parts === undefined
        ? await difference(path, file, signal)
        : bytes !== undefined && (await stat(path)).size !== bytes
          ? `it does not have ${bytes} bytes`
          : undefined;
    if (differs !== undefined)
      throw failure('checksum-mismatch', {
        what: `${path} is there already, and is not the published file: ${differs}`,
        next: 'Take another folder, or delete it.',
      });
  }
  return true;
}

/** Files without a sum are what their reader takes. */
async function read({ name, source, definition }: NamedSource, folder: string): Promise<void> {
  if (source.files.every(({ sum }) => sum) || !definition) return;
  const directory = definition.folder === 'file' ? join(folder, targetsOf(source.files[0]!)[0]!) : folder;
  try {
    await definition.load({ directory });
  } catch (cause) {
    throw failure('invalid-file', {
      what: `what was downloaded is no ${name}: ${reasonOf(cause)}`,
      next: 'Nothing was kept. Another mirror may have it.',
      cause,
    });
  }
}

const urlsOf = ({ name, urls }: RemoteFile, set: string, mirrors: readonly string[]): readonly string[] => [
  ...mirrors.map((mirror) => `${mirror.replaceAll('{name}', set).replace(/\/*$/, '')}/${name}`),
  ...urls,
];

async function getFile(
  file: RemoteFile,
  staging: string,
  urls: readonly string[],
  settings: DownloadSettings,
): Promise<GotFile> {
  const part = join(staging, `${file.name}.part`);
  const { from, resumedAt } = await download(file, part, urls, settings);
  if (file.unpack === undefined) await rename(part, join(staging, file.name));
  else {
    await unpack(part, file.unpack, staging);
    await rm(part);
  }
  return {
    name: file.name,
    status: resumedAt > 0 ? 'resumed' : 'downloaded',
    from,
    judgedBy: judgeOf(file),
  };
}

/**
 * Downloads the files of a data set. A call that was stopped goes on where it ended; the folder has whole and right files
 * only, under their names.
 * @param name such as `mnist`; see {@link listSources}
 * @param folder made where it is not
 * @throws BitgradError `unknown-name`, `invalid-option`; `io` with the reason of each address; `checksum-mismatch` and
 *   `invalid-file` for what is not the published file; the signal's reason when aborted
 */
export async function getData(name: string, folder: string, options: GetOptions = {}): Promise<GetResult> {
  const text = option.required(option.of('a text', (v) => typeof v === 'string' && v !== ''));
  checkValue('datasets', 'name of a data set', name, text);
  checkValue('datasets', 'folder', folder, text);
  const { mirrors = [], onProgress, signal, silenceMs = 60_000, tries = 5, waitMs = 500 } = checkOptions('datasets', 'getData', options, rules); // prettier-ignore
  const found = findSource(name);
  const { source, definition, readBy } = found;
  signal?.throwIfAborted();
  const staging = join(folder, `.${name}.partial`);
  const got: GotFile[] = [];
  try {
    const kept = await Promise.all(source.files.map((file) => isKept(file, folder, signal)));
    // Files that a reader judges are judged together.
    await mkdir(staging, { recursive: true });
    const together = source.files.some(({ sum }) => !sum);
    const keeps = (i: number): boolean => (together ? kept.every(Boolean) : kept[i]!);
    for (const [i, file] of source.files.entries()) {
      if (keeps(i)) {
        const { unpack: parts } = file;
        const judgedBy = parts === undefined ? judgeOf(file) : typeof parts === 'object' ? 'size' : undefined;
        got.push({ name: file.name, status: 'kept', ...(judgedBy && { judgedBy }) });
        continue;
      }
      const settings: DownloadSettings = {
        signal,
        silenceMs,
        tries,
        waitMs,
        onProgress: (done, total) => onProgress?.({ file: file.name, done, total }),
      };
      if (!(await Promise.all(targetsOf(file).map((each) => isThere(join(staging, each))))).every(Boolean))
        got.push(await getFile(file, staging, urlsOf(file, name, mirrors), settings));
      else got.push({ name: file.name, status: 'resumed', judgedBy: judgeOf(file) });
    }
    const fresh = source.files.filter((_, i) => !keeps(i)).flatMap(targetsOf);
    if (fresh.length > 0)
      await read(found, staging).catch(async (cause) => {
        await rm(staging, { recursive: true, force: true });
        throw cause;
      });
    for (const each of fresh) await rename(join(staging, each), join(folder, each));
    await rm(staging, { recursive: true, force: true });
  } catch (cause) {
    if (typeof (cause as NodeJS.ErrnoException).path !== 'string') throw cause;
    throw failure('io', { what: `${folder} cannot be used`, got: reasonOf(cause), cause });
  }
  const { page, licence } = source;
  const first = join(folder, targetsOf(source.files[0]!)[0]!);
  const spec = readBy ? `${readBy}:${first}` : `${name}:${definition?.folder === 'file' ? first : folder}`;
  return { name, folder, files: got, page, licence, spec };
}
