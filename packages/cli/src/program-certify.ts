// The command `bitgrad certify`.
import { InvalidArgumentError, type Command } from 'commander';
import type { JsonObject } from '@bitgrad/core';
import { runCertify, type CertifyCommandOptions } from './commands/certify.js';
import { pluginOption, positive, type Runner } from './program-options.js';

const numbers = (text: string): number[] => {
  const values = text.split(',').map(Number);
  if (text.trim() === '' || !values.every(Number.isFinite))
    throw new InvalidArgumentError('Expected numbers with commas, such as 1,10,100.');
  return values;
};

/** Adds the command to a program. */
export function addCertifyCommand(
  program: Command,
  execute: Runner,
  jsonObject: (text: string) => JsonObject,
): void {
  program
    .command('certify')
    .description(
      'decide whether the forward and the backward of a quantizer are a sound pair (arXiv 2402.17710); ' +
        'the exit code is 1 when they are not',
    )
    .argument('[name]', 'quantizer, or FORWARD:SURROGATE; without it, every quantizer of --plugin')
    .option('--mu <list>', 'values of mu, such as 1,10,100 (default: five moments of the schedule)', numbers)
    .option('--options <json>', 'options of the quantizer', jsonObject)
    .option('--tolerance <x>', 'violations below this share are rounding (default: 1e-6)', positive)
    .option('--svg <file>', 'write a picture of F, B, P, T and r')
    .addOption(pluginOption())
    .option('--json', 'write one JSON object to stdout', false)
    .action((name: string | undefined, options: CertifyCommandOptions) =>
      execute((io) => runCertify(name, options, io)),
    );
}
