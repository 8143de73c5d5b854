// `bitgrad completion`: a script that completes commands, options and names in a shell.
import type { Command } from 'commander';
import { BitgradError } from '@bitgrad/core';
import type { Given } from '@bitgrad/recipe';
import { checkCommand } from '../arguments.js';
import { bashScript } from '../completion/bash.js';
import { fishScript } from '../completion/fish.js';
import { branchOf, everyName, type Branch } from '../completion/tree.js';
import { zshScript } from '../completion/zsh.js';
import { exitCodes } from '../exit.js';
import { writeLine, type CliIo } from '../io.js';
import { shared } from '../options.js';
import { usePlugins } from '../plugins.js';

export const completionEntries = { plugin: shared.plugin };

/** Options of `bitgrad completion`. */
export type CompletionOptions = Given<typeof completionEntries>;

const scripts: Readonly<Record<string, (root: Branch) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The shells that there is a script for. */
export const shells: readonly string[] = Object.keys(scripts);

/**
 * Writes the script of a shell. Names of models, quantizers and so on are those of now, and of `options.plugin`.
 * @param program the command line that is completed
 */
export async function runCompletion(
  shell: string,
  given: CompletionOptions,
  program: Command,
  io: CliIo,
  directory = process.cwd(),
): Promise<number> {
  const options = checkCommand('completion', completionEntries, given, io, directory);
  if (!Object.hasOwn(scripts, shell ?? ''))
    throw new BitgradError({
      code: 'unknown-name',
      source: 'cli',
      what: 'shell',
      got: shell ?? 'nothing',
      expected: `one of ${shells.join(', ')}`,
    });
  await usePlugins(options.plugin, directory);
  writeLine(io.stdout, scripts[shell]!(branchOf(program, await everyName())));
  return exitCodes.done;
}
