// An option as data: a valibot schema with its words. Whoever asks for options reads them here: the command its flags, a
// README its table, a program its checks and types. A new option is one entry.
import { baseSchema, option as coreOption, type OptionRule } from '@bitgrad/core';
import * as v from 'valibot';

/** Whose names an option takes. */
export type NameKind =
  'model' | 'quantizer' | 'dataset' | 'optimizer' | 'recipe' | 'importer' | 'zoo' | 'here';

/** What a schema cannot say of an option. */
export interface OptionWords {
  /** What stands for the value in help, such as `<n>`; a switch has none. */
  readonly value?: string;
  /** A letter that means the same, such as `-o`. */
  readonly short?: string;
  /** The default in words, where it is none of the schema's. */
  readonly shown?: string;
  /** Its value from the text of a command line, where the type does not say how. */
  readonly read?: (text: string) => unknown;
  /** What its values are names of, for completion in shells. */
  readonly names?: NameKind;
  /** The value that a resumed run must have in common with its beginning; without it, the option may differ. */
  readonly resume?: (value: never) => unknown;
}

/** An option: its schema, what it does in a sentence, and what else is to be said. */
export const described = <const S extends v.GenericSchema>(
  schema: S,
  text: string,
  words: OptionWords = {},
) => v.pipe(schema, v.description(text), v.metadata({ ...words }));

/** Schemas of options, by name. */
export type Entries = Readonly<Record<string, v.GenericSchema>>;

/** The options of some entries as they are given, and with their defaults. */
export type Given<E extends Entries> = Readonly<v.InferInput<v.StrictObjectSchema<E, undefined>>>;
/** See {@link Given}. */
export type Resolved<E extends Entries> = Readonly<v.InferOutput<v.StrictObjectSchema<E, undefined>>>;

/** An option as it is listed. */
export interface OptionInfo extends OptionWords {
  readonly name: string;
  /** As the command writes it: `--lr-schedule`. */
  readonly flag: string;
  readonly text: string;
  /** Of one value: string, number, boolean, record (JSON) or picklist; of a list, `array`. */
  readonly type: string;
  /** Of the items of a list. */
  readonly items?: string;
  readonly choices?: readonly string[];
  /** Undefined: none. */
  readonly fallback: unknown;
  readonly required: boolean;
  readonly schema: v.GenericSchema;
}

interface AnySchema {
  readonly type: string;
  readonly wrapped?: AnySchema;
  readonly item?: v.GenericSchema;
  readonly options?: readonly string[];
}

const unwrapped = (schema: AnySchema): AnySchema => (schema.wrapped ? unwrapped(schema.wrapped) : schema);
const base = (schema: v.GenericSchema): AnySchema => baseSchema(schema) as unknown as AnySchema;

/** `lrSchedule` as `--lr-schedule`. */
export const flagOf = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

/** The options of some entries, in order. */
export const optionsOf = (entries: Entries): readonly OptionInfo[] =>
  Object.entries(entries).map(([name, schema]) => {
    const said = unwrapped(schema as unknown as AnySchema) as unknown as v.GenericSchema;
    const { type, item, options } = base(schema);
    return {
      ...(v.getMetadata(said) as OptionWords),
      name,
      flag: flagOf(name),
      text: v.getDescription(said) ?? '',
      type,
      items: item && base(item).type,
      choices: options,
      fallback: v.getDefault(schema),
      required: schema.type !== 'optional',
      schema,
    };
  });

const shownDefault = ({ shown, fallback }: OptionInfo): string =>
  shown ??
  (fallback === undefined || fallback === false || Array.isArray(fallback) ? '' : `\`${String(fallback)}\``);

/**
 * The options as a Markdown table, for READMEs.
 * @param by how options are called: as flags of the command, or as names in a program
 */
export function optionsTable(entries: Entries, by: 'flag' | 'name' = 'flag'): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = optionsOf(entries).map((option) => [
    by === 'name'
      ? `\`${option.name}\``
      : `\`${[option.short, option.flag].filter(Boolean).join(', ')}${option.value ? ` ${option.value}` : ''}\``,
    `${option.text}${option.choices ? ` (${option.choices.map((name) => `\`${name}\``).join(', ')})` : ''}`,
    shownDefault(option),
  ]);
  const all = [['option', 'meaning', 'default'], ...rows].map((row) => row.map(cell));
  const widths = [0, 1, 2].map((i) => Math.max(...all.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, i) => text.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(all[0]!), rule, ...all.slice(1).map(line)].join('\n');
}

/** The rule of what holds options: an object as it is written, and no Map, promise or other thing that has none. */
export const optionsRule: OptionRule = coreOption.required(
  coreOption.of(
    'an object with options',
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      [Object.prototype, null].includes(Object.getPrototypeOf(value) as null),
  ),
);

const test = (words: string, allows: (value: number) => boolean) =>
  v.pipe(v.number(words), v.check(allows, words));

/** Schemas that options share. */
export const kinds = {
  text: v.pipe(v.string(), v.nonEmpty('something that is not empty')),
  /** An integer from `low` on. */
  integer: (low: number) => test(`an integer, ${low} or more`, (n) => Number.isSafeInteger(n) && n >= low),
  anyInteger: test('an integer', Number.isSafeInteger),
  positive: test('a number above 0', (n) => n > 0 && n < Infinity),
  amount: test('a number, 0 or more', (n) => n >= 0 && n < Infinity),
  /** A part of a whole, and never all of it. */
  part: test('a number from 0 to below 1', (n) => n >= 0 && n < 1),
  /** A part of a whole, neither none nor all of it. */
  fraction: test('a number above 0 and below 1', (n) => n > 0 && n < 1),
  /** A JSON object, which is checked by whom it is for. */
  json: v.record(v.string(), v.any()),
} as const;

/** The value itself must be the same in a resumed run. */
export const same = (value: unknown): unknown => value;
