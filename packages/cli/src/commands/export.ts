// `bitgrad export`: a packed model in another form, such as C for microcontrollers or ONNX.
import { dirname, join, resolve, sep } from 'node:path';
import { BitgradError } from '@bitgrad/core';
import { described, kinds, type Given } from '@bitgrad/recipe';
import * as v from 'valibot';
import { checkCommand, expectText } from '../arguments.js';
import { readPacked } from '../engines.js';
import { exitCodes } from '../exit.js';
import { exporterTable, type ExportSettings } from '../exporters.js';
import { writeLine, type CliIo } from '../io.js';
import { ensureFolder, writeAtomically } from '../model-dir/atomic.js';
import { shared } from '../options.js';
import { kilobytes, resultTable } from '../table.js';

export const exportEntries = {
  to: described(v.picklist(exporterTable.map(({ name }) => name)), 'the form', { value: '<form>' }),
  out: described(kinds.text, 'the folder to write; files in it that have the same names are replaced', {
    short: '-o',
    value: '<folder>',
  }),
  name: v.optional(
    described(kinds.text, 'c: prefix of names and files, a C identifier (default: m); onnx, qonnx: name of the file (default: model)', { value: '<name>' }), // prettier-ignore
  ),
  layout: v.optional(
    described(
      v.picklist(['plain', 'arduino', 'esp-idf', 'zephyr']),
      'c: two files, a library (PlatformIO takes it too), a component, or a module (default: plain)',
      {
        value: '<layout>',
      },
    ),
  ),
  json: shared.json,
};

/** Options of `bitgrad export`. */
export type ExportCommandOptions = Given<typeof exportEntries>;

/** The object of `bitgrad export --json`. */
export interface ExportResult {
  readonly to: string;
  readonly out: string;
  /** Bytes of each file, by its path in the folder. */
  readonly files: Readonly<Record<string, number>>;
}

/**
 * Writes a packed model in another form.
 * @returns the exit code
 * @throws BitgradError for options or files that cannot be used; then nothing is written
 */
export async function runExport(
  file: string,
  given: ExportCommandOptions,
  io: CliIo,
  directory = process.cwd(),
): Promise<number> {
  expectText('file', file);
  const { to, out, json, ...settings } = checkCommand('export', exportEntries, given, io, directory);
  const exporter = exporterTable.find(({ name }) => name === to)!;
  for (const [key, value] of Object.entries(settings))
    if (value !== undefined && !exporter.settings.includes(key as keyof ExportSettings))
      throw new BitgradError({
        code: 'invalid-option',
        source: 'cli',
        what: `--${key} with --to ${to}`,
        got: value,
        expected: `options of ${to}: ${exporter.settings.map((name) => `--${name}`).join(', ') || 'none'}`,
      });
  const { model } = await readPacked(resolve(directory, file));
  const files = await exporter.files(model, settings);
  const folder = resolve(directory, out);
  const outside = Object.keys(files).find((path) => !resolve(folder, path).startsWith(`${folder}${sep}`));
  if (outside !== undefined)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'cli',
      what: 'name of the export',
      got: outside,
      expected: `a name of files in ${out}`,
    });
  const sizes: Record<string, number> = {};
  for (const [path, contents] of Object.entries(files)) {
    const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
    await ensureFolder(dirname(join(folder, path)));
    await writeAtomically(join(folder, path), bytes);
    sizes[path] = bytes.length;
  }
  const result: ExportResult = { to, out: folder, files: sizes };
  const rows = Object.entries(sizes).map(([path, size]) => [path, kilobytes(size)] as const);
  writeLine(io.stdout, json ? JSON.stringify(result) : resultTable(`exported to ${folder}`, rows, io));
  return exitCodes.done;
}
