// The command line: every command, and how errors become exit codes.
import { expectIo, expectTexts } from './arguments.js';
import { readFileSync } from 'node:fs';
import { Argument, Command, CommanderError } from 'commander';
import { BitgradError, checkValue, option } from '@bitgrad/core';
import { listSources } from '@bitgrad/datasets/node';
import type { Entries } from '@bitgrad/recipe';
import { benchEntries, runBench, type BenchOptions } from './commands/bench.js';
import { certifyEntries, runCertify, type CertifyCommandOptions } from './commands/certify.js';
import { compileEntries, runCompile, type CompileCommandOptions } from './commands/compile.js';
import { dataGetEntries, runDataGet, type DataGetOptions } from './commands/data-get.js';
import { evalEntries, runEval, type EvalOptions } from './commands/eval.js';
import { importEntries, runImport, type ImportCommandOptions } from './commands/import.js';
import { exportEntries, runExport, type ExportCommandOptions } from './commands/export.js';
import { inspectEntries, runInspect, type InspectOptions } from './commands/inspect.js';
import { listEntries, runList, type ListOptions } from './commands/list.js';
import { runEntries, runRun, type RunCommandOptions } from './commands/run.js';
import { runTrain, trainEntries, type TrainOptions } from './commands/train.js';
import { completionEntries, runCompletion, shells, type CompletionOptions } from './commands/completion.js';
import { doctorEntries, runDoctor, type DoctorOptions } from './commands/doctor.js';
import { errorObject, errorText, exitCodeOf, exitCodes } from './exit.js';
import { createNodeIo, writeLine, type CliIo } from './io.js';
import { addOptions, type Runner } from './options.js';
import { withSignals } from './signals.js';
import { plain, writable } from './text.js';

const packed = ['<model.bitgrad>', 'file of `bitgrad compile`'] as const;

/** A command with its arguments, each with its description: its options are the entries that stand beside what it does. */
function addCommands(program: Command, execute: Runner): void {
  const add = (
    name: string,
    description: string,
    entries: Entries,
    ...argument: readonly string[]
  ): Command => {
    const [own, group] = name.split(' ').reverse() as [string, string?];
    const parent =
      group === undefined ? program : program.command(group).description(`${description}: see \`${name}\``);
    const command = parent.command(own).description(description);
    for (let i = 0; i < argument.length; i += 2) command.argument(argument[i]!, argument[i + 1]);
    return addOptions(command, entries);
  };
  add('train', 'train a binary network; saves the model, and a checkpoint to resume from', trainEntries)
    .addHelpText(
      'after',
      '\nThe test accuracy is that of the hardened model: quantizers at their levels of deployment.' +
        '\nCtrl-C finishes the step, saves, and exits with 130 (SIGTERM: 143).',
    )
    .action((options: TrainOptions) => execute((io) => runTrain(options, io)));
  add('eval', 'evaluate a model that `bitgrad train` has saved', evalEntries, '<model-dir>', 'folder of the run') // prettier-ignore
    .action((folder: string, options: EvalOptions) => execute((io) => runEval(folder, options, io)));
  add('compile', 'compile a trained model into one packed file, compared with the model on test images', compileEntries, '<model-dir>', 'folder of the run') // prettier-ignore
    .action((folder: string, options: CompileCommandOptions) => execute((io) => runCompile(folder, options, io))); // prettier-ignore
  add('import', 'import a trained network of another framework as one packed file, compared with its source', importEntries, '<path>', 'file or folder of the network: see `bitgrad list`') // prettier-ignore
    .action((path: string, options: ImportCommandOptions) => execute((io) => runImport(path, options, io)));
  add('data get', 'download a data set: resumable, compared with its published sums', dataGetEntries, '<name>', `one of ${listSources().map(({ name }) => name).join(', ')}, or a plugin's`, '<folder>', 'where its files come') // prettier-ignore
    .action((name: string, folder: string, options: DataGetOptions) => execute((io) => runDataGet(name, folder, options, io))); // prettier-ignore
  add('run', 'run a packed model: its accuracy on a data set, or the classes of a picture', runEntries, ...packed) // prettier-ignore
    .action((path: string, options: RunCommandOptions) => execute((io) => runRun(path, options, io)));
  add('export', 'write a packed model in another form: C for microcontrollers, ONNX, QONNX', exportEntries, ...packed) // prettier-ignore
    .action((path: string, options: ExportCommandOptions) => execute((io) => runExport(path, options, io)));
  add('inspect', 'show what a packed model holds: layers, sizes, multiply-accumulates, weights, thresholds', inspectEntries, ...packed) // prettier-ignore
    .action((path: string, options: InspectOptions) => execute((io) => runInspect(path, options, io)));
  add('bench', 'time a packed model', benchEntries, ...packed) // prettier-ignore
    .action((path: string, options: BenchOptions) => execute((io) => runBench(path, options, io)));
  add(
    'certify',
    'decide whether the forward and the backward of a quantizer are a sound pair (arXiv 2402.17710); ' +
      'the exit code is 1 when they are not',
    certifyEntries,
    '[name]',
    'quantizer, or FORWARD:SURROGATE; without it, every quantizer of --plugin',
  ).action((name: string | undefined, options: CertifyCommandOptions) =>
    execute((io) => runCertify(name, options, io)),
  );
  add('list', 'list plugins, quantizers, surrogates, forwards, models, data sets, optimizers, recipes, importers, backends and engines', listEntries) // prettier-ignore
    .action((options: ListOptions) => execute((io) => runList(options, io)));
  add('doctor', 'say what this machine can do and why not; the exit code is 1 when something essential or required is missing', doctorEntries) // prettier-ignore
    .action((options: DoctorOptions) => execute((io) => runDoctor(options, io)));
  add('completion', 'write a script that completes commands, options and names in a shell', completionEntries)
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText(
      'after',
      '\nbash: source <(bitgrad completion bash), in ~/.bashrc' +
        '\nzsh:  source <(bitgrad completion zsh), in ~/.zshrc after compinit' +
        '\nfish: bitgrad completion fish > ~/.config/fish/completions/bitgrad.fish',
    )
    .action((shell: string, options: CompletionOptions) =>
      execute((io) => runCompletion(shell, options, program, io)),
    );
}

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
  addCommands(program, execute);
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
