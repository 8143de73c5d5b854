// Files and folders of a disk.
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { checkValue, option } from '@bitgrad/core';
import { failure } from './fail.js';
import type { SourceFile } from './define.js';
import { limitsFrom, type ImportLimits } from './limits.js';

const most = 10_000;

/**
 * The file at a path, or the files of a folder, for `importModel`.
 * @throws BitgradError `io` for what cannot be read; `limit-exceeded` for more bytes or files than the limits allow
 */
export async function readFiles(path: string, given: Partial<ImportLimits> = {}): Promise<SourceFile[]> {
  checkValue('importer', 'path', path, option.required(option.string));
  const limits = limitsFrom(given);
  try {
    const found = await stat(path);
    const names = found.isDirectory()
      ? (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name).sort() // prettier-ignore
      : [''];
    if (names.length > most) throw failure('limit-exceeded', { what: `files of "${path}"`, got: names.length, expected: `at most ${most}` }); // prettier-ignore
    const paths = names.map((name) => (name === '' ? path : join(path, name)));
    const sizes = await Promise.all(paths.map(async (p) => (await stat(p)).size));
    const total = sizes.reduce((a, b) => a + b, 0);
    if (total > limits.fileBytes) throw failure('limit-exceeded', { what: `bytes of "${path}"`, got: total, expected: `at most ${limits.fileBytes}` }); // prettier-ignore
    return await Promise.all(
      paths.map(async (p) => ({ name: basename(p), bytes: new Uint8Array(await readFile(p)) })),
    );
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'BitgradError') throw cause;
    throw failure('io', { what: `"${path}" cannot be read`, got: cause instanceof Error ? cause.message : cause, cause }); // prettier-ignore
  }
}
