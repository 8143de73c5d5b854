// Two-column tables of results.
import type { CliIo } from './io.js';

/** Lines `name  value` with the names padded to one width, under a title. */
export function resultTable(title: string, rows: readonly (readonly [string, string])[], io: CliIo): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  const body = rows.map(([name, value]) => `  ${io.colors.dim(name.padEnd(width))}  ${value}`);
  return [io.colors.bold(title), ...body].join('\n');
}

/** Bytes as kB (1000 bytes), or MB from a million on. */
export const kilobytes = (bytes: number): string =>
  bytes >= 1e6 ? `${(bytes / 1e6).toFixed(2)} MB` : `${(bytes / 1e3).toFixed(1)} kB`;
