// Reading a model from a file, in Node, Deno and Bun. It imports nothing, so that bundlers keep it out of pages.
import type { promises as Files } from 'node:fs';
import type { check as Check } from './fail.js';

/**
 * The bytes of a regular file.
 * @param check that of the runtime
 * @param checkSize refuses what is too large, before it is read
 */
export async function readPath(
  path: string | URL,
  check: typeof Check,
  checkSize: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  // Without an import, so that no bundler looks for it.
  const files: typeof Files = process.getBuiltinModule('node:fs').promises;
  const stat = await files.stat(path);
  const kind = stat.isDirectory() ? 'a folder' : 'no regular file';
  check(stat.isFile(), 'io', `model ${String(path)}`, kind, 'a file');
  checkSize(stat.size);
  // Plain bytes: slice() of a Buffer shares memory, and what is stored narrow is read from a slice.
  const { buffer, byteOffset, length } = await files.readFile(path, { signal });
  return new Uint8Array(buffer, byteOffset, length);
}
