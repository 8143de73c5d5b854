// The command line: every command, option and default, and how errors become exit codes.
import { expectIo, expectTexts } from './arguments.js';
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { BitgradError, checkValue, option, reasonOf, type JsonObject } from '@bitgrad/core';
import { runEval, type EvalOptions } from './commands/eval.js';
import { runList, type ListOptions } from './commands/list.js';
import { runTrain, type TrainOptions } from './commands/train.js';
import { errorObject, errorText, exitCodeOf, exitCodes } from './exit.js';
import { createNodeIo, writeLine, type CliIo } from './io.js';
import { addCertifyCommand } from './program-certify.js';
import { addPackedCommands } from './program-packed.js';
import {
  anyInteger,
  backendOption,
  dataHelp,
  integer,
  pictureOptions,
  pluginOption,
  positive,
  type Runner,
} from './program-options.js';
import { withSignals } from './signals.js';
import { plain, writable } from './text.js';

const jsonObject = (text: string): JsonObject => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InvalidArgumentError(`It is not JSON (${reasonOf(cause)}).`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('Expected a JSON object, such as \'{"clip":1}\'.');
  return value as JsonObject;
};

const addTrain = (program: Command, execute: Runner): void => {
  const [fit, background] = pictureOptions('folders', ['cover', 'white']);
  program
    .command('train')
    .description('train a binary network; saves the model, and a checkpoint to resume from')
    .option('--model <name>', 'architecture; see `bitgrad list`', 'cnn')
    .option('--model-options <json>', 'options of the architecture, such as \'{"width":2}\'', jsonObject)
    .option(
      '--quantizer <name>',
      'KERNEL or KERNEL/INPUT quantizer, each a name or FORWARD:SURROGATE; none for float',
      'ste',
    )
    .option(
      '--quantizer-options <json>',
      'options of the kernel quantizer (and of the same one on inputs)',
      jsonObject,
    )
    .option('--input-quantizer <name>', 'quantizer of the activations (default: the kernel quantizer)')
    .option('--input-quantizer-options <json>', 'options of the input quantizer', jsonObject)
    .addOption(backendOption())
    .option('--data <spec>', dataHelp, 'digits')
    .option('--limit <n>', 'use at most so many training images', integer(1))
    .option('--test-limit <n>', 'use at most so many test images', integer(1))
    .option('--epochs <n>', 'passes over the training images', integer(1), 3)
    .option('--batch <n>', 'images a step', integer(1), 64)
    .option('--lr <x>', 'learning rate (default: adam and bop 0.001, sgd 0.1)', positive)
    .addOption(
      new Option('--lr-schedule <name>', 'how the learning rate falls')
        .choices(['cosine', 'constant', 'linear', 'step'])
        .default('cosine'),
    )
    .option('--warmup <steps>', 'steps over which the learning rate rises first', integer(0), 0)
    .option(
      '--optimizer <name>',
      "adam, sgd, bop (flips binary kernels, with adam for the rest) or a plugin's",
      'adam',
    )
    .option(
      '--optimizer-options <json>',
      'options of the optimizer, such as \'{"momentum":0.95}\'',
      jsonObject,
    )
    .option('--augment <list>', 'none, or some of shift:PIXELS, crop:PIXELS, flip', 'none')
    .option('--image-size <n>', 'folders: side that pictures are brought to (default: 32)', integer(1))
    .option('--grey', 'folders: pictures in grey')
    .addOption(fit)
    .addOption(background)
    .option('--invert', 'folders: pictures are dark on light, and are to be light on dark')
    .option('--seed <n>', 'decides initial weights, order, augmentation and drawn data', anyInteger, 1)
    .option('--out <dir>', 'where to save (default: a new folder runs/MODEL-QUANTIZER-DATA-SEED)')
    .option(
      '--resume',
      'go on from the checkpoint in --out, to the same bits as a run that was never stopped',
      false,
    )
    .option('--overwrite', 'replace the run that --out holds', false)
    .option('--checkpoint-seconds <x>', 'save a checkpoint at least this often', positive, 15)
    .addOption(pluginOption())
    .option(
      '--json',
      'the last line of stdout is one JSON object with the result; all else goes to stderr',
      false,
    )
    .addHelpText(
      'after',
      '\nThe test accuracy is that of the hardened model: quantizers at their levels of deployment.' +
        '\nCtrl-C finishes the step, saves, and exits with 130 (SIGTERM: 143).',
    )
    .action((options: TrainOptions) => execute((io) => runTrain(options, io)));
};

const addEval = (program: Command, execute: Runner): void => {
  program
    .command('eval')
    .description('evaluate a model that `bitgrad train` has saved')
    .argument('<model-dir>', 'folder of the run')
    .option('--data <spec>', `${dataHelp} (default: what it was trained on)`)
    .addOption(new Option('--split <name>', 'part of the data').choices(['test', 'train']).default('test'))
    .option('--limit <n>', 'use at most so many images', integer(1))
    .option('--batch <n>', 'images a step', integer(1), 250)
    .addOption(backendOption())
    .addOption(pluginOption())
    .option('--json', 'write one JSON object to stdout', false)
    .action((folder: string, options: EvalOptions) => execute((io) => runEval(folder, options, io)));
};

const addList = (program: Command, execute: Runner): void => {
  program
    .command('list')
    .description(
      'list plugins, quantizers, surrogates, forwards, models, data sets, optimizers, backends and engines',
    )
    .addOption(pluginOption())
    .option('--json', 'write one JSON object to stdout', false)
    .action((options: ListOptions) => execute((io) => runList(options, io)));
};

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

/** The command line; `execute` is called by the command that was asked for. */
export function createProgram(execute: Runner, io: CliIo): Command {
  checkValue('cli', 'execute', execute, option.required(option.callback));
  expectIo(io);
  const program = new Command('bitgrad')
    .description('Train, evaluate and ship binary neural networks.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(writable(text)),
      writeErr: (text) => void io.stderr.write(writable(text)),
      // One line, in the form of every other error.
      outputError: (text, write) =>
        write(
          `[bitgrad/cli] ${plain(
            text
              .replace(/^error: /, '')
              .trim()
              .replaceAll(/\s*\n\s*/g, ' '),
          )}\n`,
        ),
    });
  addTrain(program, execute);
  addEval(program, execute);
  addPackedCommands(program, execute);
  addCertifyCommand(program, execute, jsonObject);
  addList(program, execute);
  return program;
}

/** What Commander refuses, as an error like all others. */
const usageError = (error: CommanderError): BitgradError =>
  new BitgradError({
    code: 'invalid-option',
    source: 'cli',
    what: error.message.replace(/^error: /, '').replace(/\.$/, ''),
    cause: error,
  });

/**
 * Runs the command line on given streams.
 * @param args without the program's name
 * @returns the exit code: see `exitCodes`
 */
export async function runWith(args: readonly string[], io: CliIo): Promise<number> {
  expectTexts('args', args);
  let code: number = exitCodes.done;
  const program = createProgram(async (run) => {
    code = await run(io);
  }, io);
  try {
    if (args.length === 0) {
      program.outputHelp({ error: true });
      return exitCodes.usage;
    }
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    const json = args.includes('--json');
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.done;
      // Commander has written its own message.
      if (json) writeLine(io.stdout, JSON.stringify(errorObject(usageError(error))));
      return exitCodes.usage;
    }
    writeLine(io.stderr, errorText(error));
    if (json) writeLine(io.stdout, JSON.stringify(errorObject(error)));
    return exitCodeOf(error);
  }
}

/** Runs the command line as this process: its streams and its signals. */
export const runCli = (args: readonly string[]): Promise<number> =>
  withSignals((signal) => runWith(args, createNodeIo(signal)));
