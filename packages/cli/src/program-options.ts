// Options and argument parsers that several commands share.
import { InvalidArgumentError, Option } from 'commander';
import { backendTable } from './backends.js';
import type { CliIo } from './io.js';

/** Parser of integers from `low` on. */
export const integer =
  (low: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < low || text.trim() === '')
      throw new InvalidArgumentError(`Expected an integer, ${low} or more.`);
    return value;
  };

/** Parser of any safe integer. */
export const anyInteger = integer(Number.MIN_SAFE_INTEGER);

/** Parser of finite numbers above 0. */
export const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
};

/** Parser of colours: R,G,B or one byte for grey. */
const colour = (text: string): number | number[] => {
  const bytes = /^\d+(,\d+,\d+)?$/.test(text) ? text.split(',').map(Number) : [256];
  if (bytes.some((byte) => byte > 255))
    throw new InvalidArgumentError('Expected R,G,B, each 0 to 255, or one such number for grey.');
  return bytes.length === 1 ? bytes[0]! : bytes;
};

/** `--fit`, then `--background`, of pictures. */
export const pictureOptions = (
  which: string,
  [fit, background]: readonly [string, string],
): [Option, Option] => [
  new Option(
    '--fit <how>',
    `${which}: cut off, show all of, or distort what is not square (default: ${fit})`,
  ).choices(['cover', 'contain', 'stretch']),
  new Option(
    '--background <colour>',
    `${which}: what is behind and beside them, R,G,B or one byte (default: ${background})`,
  ).argParser(colour),
];

const collect = (value: string, previous: readonly string[]): string[] => [...previous, value];

/** `--plugin`, repeatable. */
export const pluginOption = (): Option =>
  new Option(
    '--plugin <path|package>',
    'load a plugin: a file, a folder or an installed package that exports one; may be repeated',
  )
    .argParser(collect)
    .default([], 'none');

/** `--backend` of training. */
export const backendOption = (): Option =>
  new Option('--backend <name>', 'where it runs; auto takes the first that works')
    .choices(['auto', ...backendTable.map(({ name }) => name)])
    .default('auto');

/** What `--data` takes. */
export const dataHelp =
  "digits (drawn, needs no files), mnist:DIR, cifar10:DIR, cifar100:DIR, folder:DIR or a plugin's";

/** What a command's action calls: it runs and gives an exit code. */
export type Runner = (run: (io: CliIo) => Promise<number>) => Promise<void>;
