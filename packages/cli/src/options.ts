// The flags of a command, from the entries of its options; and the entries that several commands share.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { reasonOf } from '@bitgrad/core';
import {
  dataText,
  described,
  kinds,
  optionsOf,
  type Entries,
  type NameKind,
  type OptionInfo,
} from '@bitgrad/recipe';
import * as v from 'valibot';
import { backendTable } from './backends.js';
import { engineTable } from './engines.js';
import type { CliIo } from './io.js';

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InvalidArgumentError(`It is not JSON (${reasonOf(cause)}).`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('Expected a JSON object, such as \'{"clip":1}\'.');
  return value;
}

/** Text as a value of an option's type; what it may be is the schema's business. */
function valueOf({ type, items, read }: OptionInfo, text: string, previous: unknown): unknown {
  if (read) return read(text);
  const number = (part: string): number => (part.trim() === '' ? Number.NaN : Number(part));
  if (type === 'number') return number(text);
  if (type === 'record') return parseJson(text);
  if (type === 'array')
    return items === 'number' ? text.split(',').map(number) : [...(previous as string[]), text];
  return text;
}

function parserOf(option: OptionInfo) {
  return (text: string, previous: unknown): unknown => {
    const value = valueOf(option, text, previous);
    const result = v.safeParse(option.schema, value);
    if (result.success) return value;
    // The schema's step that refuses says what it asks for; its own words are those of a library.
    const { message, expected } = result.issues[0];
    const own = message.startsWith('Invalid')
      ? option.items === 'number'
        ? 'numbers with commas, such as 1,10,100'
        : `${option.type === 'number' ? 'a number' : (expected ?? 'another value')}`
      : message;
    throw new InvalidArgumentError(`Expected ${own}.`);
  };
}

/** A flag that knows whose names its values are. */
export class NamedOption extends Option {
  constructor(
    flags: string,
    help: string,
    readonly names?: NameKind,
  ) {
    super(flags, help);
  }
}

function flagsOf(option: OptionInfo): Option {
  const { short, flag, value, text, choices, fallback, required, shown } = option;
  const flags = `${short ? `${short}, ` : ''}${flag}${value ? ` ${value}` : ''}`;
  const help = shown && fallback === undefined ? `${text} (default: ${shown.replaceAll('`', '')})` : text;
  const made = new NamedOption(flags, help, option.names);
  if (choices) made.choices([...choices]);
  else if (option.type !== 'boolean') made.argParser(parserOf(option));
  if (fallback !== undefined) made.default(fallback, Array.isArray(fallback) ? 'none' : undefined);
  return made.makeOptionMandatory(required);
}

/** Adds the flags of options to a command. */
export function addOptions(command: Command, entries: Entries): Command {
  for (const option of optionsOf(entries)) command.addOption(flagsOf(option));
  return command;
}

const oneOf = (rows: readonly { name: string }[], text: string) =>
  v.optional(
    described(v.picklist(['auto', ...rows.map(({ name }) => name)]), text, { value: '<name>' }),
    'auto',
  );

/** Options that commands share. */
export const shared = {
  backend: oneOf(backendTable, 'where it runs; auto takes the first that works'),
  engine: oneOf(engineTable, 'what runs the packed model; auto takes the first that works'),
  threads: v.optional(described(kinds.integer(1), 'threads of the engine', { value: '<n>' }), 1),
  plugin: v.optional(
    described(
      v.array(v.string()),
      'load a plugin: a file, a folder or an installed package that exports one; may be repeated',
      { value: '<path|package>' },
    ),
    [],
  ),
  json: v.optional(described(v.boolean(), 'write one JSON object to stdout'), false),
  data: (more: string) =>
    v.optional(described(v.string(), `${dataText}${more}`, { value: '<spec>', names: 'dataset' })),
  split: v.optional(
    described(v.picklist(['test', 'train', 'validation']), 'part of the data', { value: '<name>' }),
    'test',
  ),
  limit: v.optional(described(kinds.integer(1), 'use at most so many images', { value: '<n>' })),
};

/** What a command's action calls: it runs and gives an exit code. */
export type Runner = (run: (io: CliIo) => Promise<number>) => Promise<void>;
