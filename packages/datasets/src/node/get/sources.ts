// Which data sets can be had, and by what name: those of registered plugins that say where their files are, and folders that
// a data set of another name reads.
import { checkOptions, defaultRegistry, option, type OptionRules } from '@bitgrad/core';
import type { DatasetDefinition } from '../../define.js';
import { failure } from '../../errors.js';
import type { DataSource, PublishedSum, RemoteFile } from '../../source.js';
import { registerAll } from '../load.js';
import { speechCommands } from './speech-commands.js';

/** Sources without a data set of their name: the folder that they are unpacked to is one of `audio`. */
const recordings: Readonly<Record<string, DataSource>> = { 'speech-commands': speechCommands };

/** A source with the data set that reads it, if there is one. */
export interface NamedSource {
  readonly name: string;
  readonly source: DataSource;
  readonly definition?: DatasetDefinition;
  /** What reads the first file's folder, where no data set has the source's name. */
  readonly readBy?: 'audio';
}

const plainName = option.of(
  'the name of a file without a folder',
  (v) => typeof v === 'string' && /^[\w+-][\w.+-]*$/.test(v),
);
const address = option.of(
  'http or https addresses, one or more',
  (v) => Array.isArray(v) && v.length > 0 && v.every((url) => /^https?:/.test(url) && URL.canParse(url)),
);
const sourceRules: OptionRules<DataSource> = {
  page: option.required(option.string),
  licence: option.required(option.string),
  files: option.required(option.list(option.object, 1)),
};
const fileRules: OptionRules<RemoteFile> = {
  name: option.required(plainName),
  urls: option.required(address),
  sum: option.object,
  bytes: option.integer(1),
  unpack: option.of(
    'the name of a folder, or sizes by name',
    (v) =>
      plainName.allows(v) ||
      (typeof v === 'object' &&
        v !== null &&
        Object.entries(v).every(([name, n]) => plainName.allows(name) && Number.isSafeInteger(n) && n > 0)),
  ),
};
const sumRules: OptionRules<PublishedSum> = {
  algorithm: option.required(option.oneOf('md5', 'sha256')),
  hex: option.required(
    option.of('lower-case hex', (v) => typeof v === 'string' && /^([\da-f]{32}|[\da-f]{64})$/.test(v)),
  ),
};

/** Checks what a plugin says of its files. */
function checkSource(name: string, source: DataSource): DataSource {
  checkOptions('datasets', `source of ${name}`, source, sourceRules);
  for (const file of source.files) {
    checkOptions('datasets', `file of ${name}`, file, fileRules);
    if (file.sum) checkOptions('datasets', `sum of ${file.name}`, file.sum, sumRules);
  }
  return source;
}

/** Every source by name, sorted. */
export function listSources(): readonly NamedSource[] {
  registerAll();
  const known = Object.entries(defaultRegistry().definitions<DatasetDefinition>('dataset'));
  const read = known.flatMap(([name, definition]) =>
    definition.source ? [{ name, source: definition.source, definition }] : [],
  );
  const others = Object.entries(recordings).map(([name, source]): NamedSource => ({
    name,
    source,
    readBy: 'audio',
  }));
  return [...read, ...others].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws BitgradError `unknown-name`; `invalid-option` for a source that cannot be */
export function findSource(name: string): NamedSource {
  const all = listSources();
  const found = all.find((each) => each.name === name);
  if (!found)
    throw failure('unknown-name', {
      what: 'data set with files to download',
      got: name,
      expected: `one of ${all.map((each) => each.name).join(', ')}`,
    });
  checkSource(name, found.source);
  return found;
}
