// Two-column tables of results.
import type { CliIo } from './io.js';
import { plain, widest } from './text.js';

/** A value is one line; colours in it are ours where the caller has made them, and `writeLine` lets no others pass. */
const cell = (value: string): string => value.replaceAll(/[\r\n\t]/g, plain);

/** Lines `name  value` with the names padded to one width, under a title. */
export function resultTable(title: string, rows: readonly (readonly [string, string])[], io: CliIo): string {
  const names = rows.map(([name]) => plain(name));
  const width = widest(names);
  const body = rows.map(([, value], i) => `  ${io.colors.dim(names[i]!.padEnd(width))}  ${cell(value)}`);
  return [io.colors.bold(plain(title)), ...body].join('\n');
}

/** Lines `name  text` with the names in colour, padded to one width. */
export function pairLines(
  rows: readonly (readonly [string, string])[],
  { colors }: CliIo,
  indent = '  ',
): string[] {
  const width = widest(rows.map(([name]) => plain(name)));
  return rows.map(([name, text]) => `${indent}${colors.cyan(plain(name).padEnd(width))}  ${plain(text)}`);
}

/** Bytes as kB (1000 bytes), or MB from a million on. */
export const kilobytes = (bytes: number): string =>
  bytes >= 1e6 ? `${(bytes / 1e6).toFixed(2)} MB` : `${(bytes / 1e3).toFixed(1)} kB`;
