// Getting the bytes of a model: from memory, the network or, in Node, a file. Sizes are checked while reading.
import { BitgradError, reasonOf, within } from '@bitgrad/bits';
import { bytesOf } from './bytes.js';
import { check, failure, limited } from './fail.js';
import type { Limits } from './limits.js';

/** Where a model can come from: its bytes, a Blob or File, a Response, an URL, or in Node, Deno and Bun a file's path. */
export type ModelSource = string | URL | ArrayBufferLike | ArrayBufferView | Blob | Response;

const checkSize = (bytes: number, limits: Limits): void =>
  limited('bytes of the file', bytes, limits.fileBytes);

/** So long a server may send nothing; the whole download takes what it takes. */
const silenceMs = 60_000;
const timely = <T>(wait: Promise<T>): Promise<T> =>
  within(silenceMs, wait, () =>
    failure('io', { what: `the server of the model was silent for ${silenceMs} ms` }),
  );

/** The words for mistakes that pages do not make: loaded when they are needed. */
const explain = () => import('./format/lookalike.js');

async function readResponse(response: Response, limits: Limits): Promise<Uint8Array> {
  check(
    response.ok,
    'io',
    `answer for ${response.url || 'the model'}`,
    `${response.status} ${response.statusText}`.trim(),
    'a success',
  );
  if (response.bodyUsed || response.body?.locked)
    throw failure('invalid-state', (await explain()).readAlready);
  checkSize(Number(response.headers.get('content-length') ?? 0), limits);
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  try {
    while (reader) {
      const { done, value } = await timely(reader.read());
      if (done) break;
      checkSize((size += value.length), limits);
      parts.push(value);
    }
  } finally {
    // Of a body that was read to its end this is nothing.
    reader?.cancel().catch(() => undefined);
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

/** Whether a value is of a class that not every place has: Hermes alone has none of them. */
const isA = <K extends 'URL' | 'Response' | 'Blob'>(
  name: K,
  value: unknown,
): value is InstanceType<(typeof globalThis)[K]> => !!globalThis[name] && value instanceof globalThis[name];
const isAddress = (source: ModelSource): source is string | URL =>
  typeof source === 'string' || isA('URL', source);

/** Where a model comes from, for messages; undefined for bytes. */
export function originOf(source: ModelSource): string | undefined {
  if (isAddress(source)) return String(source).slice(0, 200);
  if (isA('Response', source)) return source.url || undefined;
  return isA('Blob', source) ? (source as Partial<File>).name : undefined;
}

/**
 * Reads a model's bytes.
 * @throws BitgradError `io` (with the cause), `limit-exceeded`, `invalid-option`, `invalid-state` for a Response that was
 *   read; the signal's reason when aborted
 */
export async function readSource(
  source: ModelSource,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const bytes = bytesOf(source);
  if (bytes) return bytes;
  if (isAddress(source)) {
    // A scheme has two letters or more: C:\ is a path.
    const scheme = /^([a-z][a-z\d+.-]+):/i.exec(String(source))?.[1]?.toLowerCase();
    try {
      if (
        (scheme === undefined || scheme === 'file') &&
        typeof globalThis.process?.getBuiltinModule === 'function'
      ) {
        const { readPath } = await import('./file.js');
        return await readPath(
          scheme ? new URL(source) : source,
          check,
          (size) => checkSize(size, limits),
          signal,
        );
      }
      return await readResponse(await timely(fetch(source, { signal })), limits);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof BitgradError) throw cause;
      throw failure('io', (await explain()).unreadable(source, cause, reasonOf));
    }
  }
  if (isA('Response', source)) return readResponse(source, limits);
  if (isA('Blob', source)) {
    checkSize(source.size, limits);
    return new Uint8Array(await source.arrayBuffer());
  }
  throw failure('invalid-option', (await explain()).noSource(source));
}
