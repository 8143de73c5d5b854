// One file over HTTP: into a file beside the place where it will be, from where an earlier attempt ended, with a limit on
// how long a server may be silent. Nothing is believed of what comes in: the size is bounded, the sum is compared.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BitgradError, reasonOf, within } from '@bitgrad/core';
import { failure } from '../../errors.js';
import type { RemoteFile } from '../../source.js';

/** How a file is downloaded. */
export interface DownloadSettings {
  readonly signal?: AbortSignal;
  /** Called with bytes that are there, and of how many, where that is known. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
  /** So long a server may send nothing, in ms. */
  readonly silenceMs: number;
  /** Attempts in a row that bring nothing new, for each address. */
  readonly tries: number;
  /** Before the second attempt, in ms; twice as long before each further one, at most half a minute. */
  readonly waitMs: number;
}

/** Where a file came from. */
export interface Downloaded {
  readonly from: string;
  /** Bytes that an earlier attempt, of this call or of another, had left. */
  readonly resumedAt: number;
}

/** No file is larger. */
const mostBytes = 2 ** 36;

/** What went wrong with an address: whether it may go better a second time. */
class Refusal extends Error {
  constructor(
    reason: string,
    readonly again: boolean,
  ) {
    super(reason);
  }
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? 0;

/** An answer that goes on at `start` or begins anew, with the size of the whole file where it says that. */
interface Answer {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly start: number;
  readonly total: number | undefined;
}

function readHead(response: Response, have: number): Answer {
  const { status, headers, body } = response;
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(headers.get('content-range') ?? '');
  if (status === 206 && Number(range?.[1]) === have) return { body, start: have, total: Number(range![2]) };
  // All of it is there already.
  if (status === 416 && Number(range?.[2]) === have) return { body: null, start: have, total: have };
  if (status === 200) {
    const encoding = headers.get('content-encoding') ?? 'identity';
    if (encoding !== 'identity') throw new Refusal(`it is sent as ${encoding}, not as it is`, false);
    const length = headers.get('content-length');
    return { body, start: 0, total: length === null ? undefined : Number(length) };
  }
  void body?.cancel().catch(() => undefined);
  const again = status >= 500 || [206, 408, 416, 425, 429].includes(status);
  throw new Refusal(`the server answers ${status} ${response.statusText}`.trim(), again);
}

/** One request; leaves what it has brought in `part`. */
async function attempt(
  url: string,
  file: RemoteFile,
  part: string,
  { signal, onProgress, silenceMs }: DownloadSettings,
): Promise<void> {
  const stop = new AbortController();
  const both = AbortSignal.any(signal ? [signal, stop.signal] : [stop.signal]);
  const timely = <T>(wait: Promise<T>): Promise<T> =>
    within(silenceMs, wait, () => new Refusal(`the server was silent for ${silenceMs} ms`, true));
  const have = await sizeOf(part);
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (have > 0) headers.range = `bytes=${have}-`;
  try {
    const response = await timely(fetch(url, { headers, signal: both }));
    const { body, start, total } = readHead(response, have);
    const most = file.bytes ?? mostBytes;
    if ((total ?? 0) > most || (file.bytes !== undefined && total !== undefined && total !== most))
      throw new Refusal(`it has ${total} bytes, not ${file.bytes ?? `at most ${most}`}`, false);
    const output = await open(part, start > 0 ? 'a' : 'w');
    try {
      let done = start;
      onProgress?.(done, total ?? file.bytes);
      for (const reader = body?.getReader(); reader;) {
        const { done: ended, value } = await timely(reader.read());
        if (ended) break;
        if ((done += value.length) > most) throw new Refusal(`it has more than ${most} bytes`, false);
        await output.write(value);
        onProgress?.(done, total ?? file.bytes);
      }
      if (done !== (total ?? file.bytes ?? done))
        throw new Refusal(`it ended after ${done} of ${total ?? file.bytes} bytes`, true);
      await output.sync();
    } finally {
      await output.close();
    }
  } finally {
    stop.abort();
  }
}

/** The sum of a file. */
async function sumOf(path: string, algorithm: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash(algorithm);
  for await (const piece of createReadStream(path, { signal })) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}

/** Failures of the disk are not the server's. */
const isOfDisk = (cause: unknown): boolean =>
  typeof (cause as NodeJS.ErrnoException).path === 'string' ||
  ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].includes((cause as NodeJS.ErrnoException).code ?? '');

/** A failure of `fetch` says why in its cause. */
const reasonFrom = (cause: unknown): string =>
  reasonOf(cause instanceof TypeError && cause.cause !== undefined ? cause.cause : cause);

/** Asks one address until the file is whole, or until `tries` attempts in a row have brought nothing new. */
async function fromAddress(
  url: string,
  file: RemoteFile,
  part: string,
  settings: DownloadSettings,
): Promise<void> {
  const { signal, tries, waitMs } = settings;
  let most = await sizeOf(part);
  for (let failed = 0; ;) {
    // What an earlier attempt has brought is part of this file for certain only where a sum will tell.
    if (!file.sum) await rm(part, { force: true });
    try {
      return await attempt(url, file, part, settings);
    } catch (cause) {
      signal?.throwIfAborted();
      if (isOfDisk(cause))
        throw failure('io', { what: `${part} cannot be written`, got: reasonOf(cause), cause });
      const size = await sizeOf(part);
      failed = size > most ? 0 : failed + 1;
      most = Math.max(most, size);
      if ((cause instanceof Refusal && !cause.again) || failed >= tries) throw cause;
      await sleep(Math.min(30_000, waitMs * 2 ** failed), undefined, { signal }).catch(() => undefined);
      signal?.throwIfAborted();
    }
  }
}

/** @returns undefined when the file is what was published, else how it differs */
export async function difference(path: string, { sum, bytes }: RemoteFile, signal?: AbortSignal) {
  const size = await sizeOf(path);
  if (bytes !== undefined && size !== bytes) return `it has ${size} bytes, not ${bytes}`;
  if (!sum) return undefined;
  const found = await sumOf(path, sum.algorithm, signal);
  return found === sum.hex ? undefined : `its ${sum.algorithm} is ${found}, not ${sum.hex}`;
}

/**
 * Brings a file to `part` and compares it with its sum; addresses are tried in order.
 * @param part goes on where it ends, when the file has a sum; stays when the download fails or is aborted, unless it is wrong
 * @throws BitgradError `checksum-mismatch` when an address gave another file and none the right one, `io` with the reason
 *   of each address; the signal's reason when aborted
 */
export async function download(
  file: RemoteFile,
  part: string,
  urls: readonly string[],
  settings: DownloadSettings,
): Promise<Downloaded> {
  const reasons: string[] = [];
  let wrong = false;
  for (const url of urls) {
    const resumedAt = file.sum ? await sizeOf(part) : 0;
    // A whole file that is wrong may have begun with what another server gave: then once more from the beginning.
    for (const begins of resumedAt > 0 ? [resumedAt, 0] : [0]) {
      try {
        await fromAddress(url, file, part, settings);
      } catch (cause) {
        if (settings.signal?.aborted || cause instanceof BitgradError) throw cause;
        reasons.push(`${url}: ${reasonFrom(cause)}`);
        break;
      }
      const differs = await difference(part, file, settings.signal);
      if (differs === undefined) return { from: url, resumedAt: begins };
      await rm(part, { force: true });
      if (begins > 0) continue;
      wrong = true;
      reasons.push(`${url}: ${differs}`);
    }
  }
  throw failure(wrong ? 'checksum-mismatch' : 'io', {
    what: `${file.name} cannot be downloaded (${reasons.join('; ')})`,
    next: 'The same command goes on where this one ended; another mirror may have the file.',
  });
}
