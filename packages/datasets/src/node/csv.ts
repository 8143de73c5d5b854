// CSV files by name.
import { datasetFromCsv, tableRules, type TableOptions } from '../csv.js';
import { defineDataset } from '../define.js';
import { fileFailure } from '../errors.js';
import { readNamed } from './files.js';

/** `csv:FILE`. */
export const csv = defineDataset<Omit<TableOptions, 'seed'>>({
  description:
    'a CSV file: regression, classes or labels from the columns of a table, or of windows of its rows',
  folder: 'file',
  options: tableRules,
  async load({ directory, maxBytes, seed, ...options }) {
    const { name, bytes } = await readNamed(directory, maxBytes);
    const own = Object.fromEntries(Object.entries(options).filter(([key]) => key in tableRules));
    return datasetFromCsv(name, textOf(name, bytes), { ...own, seed });
  },
});

function textOf(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw fileFailure('invalid-file', name, undefined, 'text', { got: 'bytes that are no UTF-8', cause });
  }
}
