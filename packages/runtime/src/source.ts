// Getting the bytes of a model: from memory, the network or, in Node, a file. Sizes are checked while reading.
import type { promises as Files } from 'node:fs';
import { BitgradError } from '@bitgrad/bits';
import { check, failure } from './fail.js';
import type { Limits } from './limits.js';

/** Where a model can come from: its bytes, a Blob or File, a Response, an URL, or in Node, Deno and Bun a file's path. */
export type ModelSource = string | URL | ArrayBufferLike | ArrayBufferView | Blob | Response;

const checkSize = (bytes: number, limits: Limits): void =>
  check(
    bytes <= limits.fileBytes,
    'limit-exceeded',
    'bytes of the file',
    bytes,
    `at most ${limits.fileBytes}`,
  );

async function readResponse(response: Response, limits: Limits): Promise<Uint8Array> {
  check(
    response.ok,
    'io',
    `answer for ${response.url || 'the model'}`,
    `${response.status} ${response.statusText}`,
    'a success',
  );
  checkSize(Number(response.headers.get('content-length') ?? 0), limits);
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || !value) break;
    size += value.length;
    if (size > limits.fileBytes) await reader?.cancel();
    checkSize(size, limits);
    parts.push(value);
  }
  const file = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** The file system where there is one; without an import, so that no bundler looks for it. */
const fileSystem = (): typeof Files | undefined => globalThis.process?.getBuiltinModule?.('node:fs').promises;

async function readPath(path: string | URL, limits: Limits, signal?: AbortSignal): Promise<Uint8Array> {
  const files = fileSystem()!;
  const { size } = await files.stat(path);
  checkSize(size, limits);
  return files.readFile(path, { signal });
}

/**
 * Reads a model's bytes.
 * @throws BitgradError `io` (with the cause), `limit-exceeded`, `invalid-option`; the signal's reason when aborted
 */
export async function readSource(
  source: ModelSource,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (typeof source === 'string' || source instanceof URL) {
    // A scheme has two letters or more: C:\ is a path.
    const scheme = /^([a-z][a-z\d+.-]+):/i.exec(String(source))?.[1]?.toLowerCase();
    try {
      if ((scheme === undefined || scheme === 'file') && fileSystem())
        return await readPath(scheme ? new URL(source) : source, limits, signal);
      return await readResponse(await fetch(source, { signal }), limits);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof BitgradError) throw cause;
      throw failure('io', { what: 'reading the model', got: String(source), cause });
    }
  }
  if (source instanceof Response) return readResponse(source, limits);
  if (source instanceof Blob) {
    checkSize(source.size, limits);
    return new Uint8Array(await source.arrayBuffer());
  }
  check(
    source instanceof ArrayBuffer ||
      (typeof SharedArrayBuffer !== 'undefined' && source instanceof SharedArrayBuffer),
    'invalid-option',
    'model source',
    source,
    'a URL, a path, bytes, a Blob or a Response',
  );
  return new Uint8Array(source);
}
