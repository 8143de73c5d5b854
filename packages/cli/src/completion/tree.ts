// What can be typed after `bitgrad`, as data: read off the command line's own commands and options, for every shell alike.
import type { Command } from 'commander';
import { defaultRegistry } from '@bitgrad/core';
import { listDatasets } from '@bitgrad/datasets';
import { listSources } from '@bitgrad/datasets/node';
import { listModels } from '@bitgrad/models';
import { listRecipes, type NameKind } from '@bitgrad/recipe';
import { listOptimizers } from '@bitgrad/training';
import { backendTable } from '../backends.js';
import { optionalPackages, optionalTools } from '../doctor.js';
import { engineTable } from '../engines.js';
import { NamedOption } from '../options.js';

/** What may be typed for a value. */
export interface Values {
  /** A word that ends in `:` goes on: with a file. */
  readonly words: readonly string[];
  /** Names of files and folders as well. */
  readonly files: boolean;
}

/** A flag. */
export interface Flag {
  /** With its dashes: `--model`. */
  readonly long: string;
  readonly short?: string;
  readonly text: string;
  /** Absent of switches. */
  readonly values?: Values;
  readonly repeated: boolean;
}

/** A command, or a group of them. */
export interface Branch {
  readonly name: string;
  readonly text: string;
  readonly flags: readonly Flag[];
  /** Values of its arguments. */
  readonly values: Values;
  readonly commands: readonly Branch[];
}

/** Names by whose they are; those of plugins are among them when they are registered. */
export type Names = Readonly<Record<NameKind | 'source', readonly string[]>>;

/** Every name that can be typed. */
export async function everyName(): Promise<Names> {
  const zoo = await import('@bitgrad/zoo').catch(() => undefined);
  const { listImporters } = await import('@bitgrad/importer');
  const of = (rows: readonly { name: string }[]): string[] => rows.map(({ name }) => name);
  const quantizers = defaultRegistry().entries().filter(({ kind }) => kind === 'quantizer'); // prettier-ignore
  const here = [...backendTable, ...engineTable, ...optionalPackages, ...optionalTools];
  return {
    model: of(listModels()),
    quantizer: [...of(quantizers), 'none'],
    dataset: listDatasets().map(({ usage }) => usage.replace(/:.*/, ':')),
    optimizer: of(listOptimizers()),
    recipe: of(listRecipes()),
    importer: of(listImporters()),
    zoo: (zoo?.modelNames ?? []).map((name) => `zoo:${name}`),
    here: [...new Set(of(here))],
    source: of(listSources()),
  };
}

/** Placeholders of what is a file or a folder; `names` that go on with one are files too. */
const isFile = /dir|file|folder|path/;

const flagsOf = (command: Command, names: Names): Flag[] =>
  [...command.options, command.createOption('-h, --help', 'display help for command')].map((option) => {
    const kind = option instanceof NamedOption ? option.names : undefined;
    const placeholder = /<(.*)>/.exec(option.flags)?.[1] ?? '';
    const values = {
      words: option.argChoices ?? (kind ? names[kind] : []),
      files: isFile.test(placeholder) || kind === 'dataset',
    };
    return {
      long: option.long!,
      short: option.short,
      text: option.description,
      ...(option.required && { values }),
      repeated: Array.isArray(option.defaultValue),
    };
  });

/** Whose names the arguments of a command are. */
const argumentNames: Readonly<Record<string, keyof Names>> = { get: 'source', certify: 'quantizer' };

/** A command and those below it. */
export function branchOf(command: Command, names: Names): Branch {
  const own = argumentNames[command.name()];
  const words = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return {
    name: command.name(),
    text: command.description(),
    flags: flagsOf(command, names),
    values: {
      words: [...words, ...(own ? names[own] : [])],
      files: command.registeredArguments.some((argument) => isFile.test(`${argument.name()} ${argument.description}`) && !argument.argChoices), // prettier-ignore
    },
    commands: command.commands.map((each) => branchOf(each, names)),
  };
}

/** The commands that do something, each with the words that name it. */
export const leaves = (
  { commands }: Branch,
  path: readonly string[] = [],
): { path: readonly string[]; branch: Branch }[] =>
  // prettier-ignore
  commands.flatMap((branch) => {
    const own = [...path, branch.name];
    return branch.commands.length > 0 ? leaves(branch, own) : [{ path: own, branch }];
  });

/** The groups of commands, and the program itself, each with the words that name it. */
export const groups = (
  branch: Branch,
  path: readonly string[] = [],
): { path: readonly string[]; branch: Branch }[] =>
  branch.commands.length === 0
    ? []
    : [{ path, branch }, ...branch.commands.flatMap((each) => groups(each, [...path, each.name]))];
