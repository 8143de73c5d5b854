// What the functions of this package take when a program calls them: the command line gives the same.
import { checkOptions, checkValue, option, parseOptions, type OptionRules } from '@bitgrad/core';
import { optionsRule, type Entries } from '@bitgrad/recipe';
import * as v from 'valibot';
import type { CliIo } from './io.js';

const text = option.required(
  option.of('a string that is not empty', (value) => typeof value === 'string' && value !== ''),
);
const names = option.required(option.list(option.string));

const stream = option.of(
  'a stream to write to',
  (x) => typeof (x as NodeJS.WritableStream | null)?.write === 'function',
);
const io: OptionRules<CliIo> = {
  stdout: option.required(stream),
  stderr: option.required(stream),
  terminal: option.required(option.boolean),
  colors: option.required(option.object),
  signal: option.signal,
};

/** @throws BitgradError `invalid-option` */
export function expectText(what: string, value: unknown): asserts value is string {
  checkValue('cli', what, value, text);
}

/** @throws BitgradError `invalid-option` */
export function expectTexts(what: string, value: unknown): asserts value is readonly string[] {
  checkValue('cli', what, value, names);
}

/** @throws BitgradError `invalid-option` for what cannot be written to */
export const expectIo = (value: CliIo): CliIo => {
  checkValue('cli', 'io', value, option.required(option.object));
  return checkOptions('cli', 'io', value, io);
};

/**
 * Checks what a command was called with.
 * @returns the options with their defaults
 * @throws BitgradError `invalid-option` that names the option
 */
export function checkCommand<E extends Entries>(
  name: string,
  entries: E,
  options: object,
  io: CliIo,
  directory: string,
): Readonly<v.InferOutput<v.StrictObjectSchema<E, undefined>>> {
  checkValue('cli', `options of ${name}`, options, optionsRule);
  expectIo(io);
  expectText('directory', directory);
  return parseOptions('cli', name, v.strictObject(entries), options) as never;
}
