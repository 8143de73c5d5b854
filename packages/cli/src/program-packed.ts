// The commands around packed models: compile, run, inspect, bench.
import { outputKinds } from '@bitgrad/core';
import { Option, type Command } from 'commander';
import { runBench, type BenchOptions } from './commands/bench.js';
import { runCompile, type CompileCommandOptions } from './commands/compile.js';
import { runInspect, type InspectOptions } from './commands/inspect.js';
import { runRun, type RunCommandOptions } from './commands/run.js';
import { engineTable } from './engines.js';
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

const engineOption = (): Option =>
  new Option('--engine <name>', 'what runs the packed model; auto takes the first that works')
    .choices(['auto', ...engineTable.map(({ name }) => name)])
    .default('auto');

const outputKindOption = new Option(
  '--output-kind <kind>',
  'what the outputs are, where the file does not say it or is wrong',
).choices(outputKinds);

const jsonText = 'write one JSON object to stdout';
const file = '<model.bitgrad>';

/** Adds the commands to a program. */
export function addPackedCommands(program: Command, execute: Runner): void {
  const [fit, background] = pictureOptions('a picture', ['as in training', 'as in training']);
  program
    .command('compile')
    .description('compile a trained model into one packed file, compared with the model on test images')
    .argument('<model-dir>', 'folder of the run')
    .requiredOption('-o, --out <file>', 'the file to write, such as model.bitgrad')
    .option('--data <spec>', `${dataHelp}; its test images are compared (default: what it was trained on)`)
    .option('--limit <n>', 'compare on at most so many test images', integer(1), 1000)
    .addOption(
      new Option('--last-layer <type>', 'auto: int8 when no class changes on the images, else float')
        .choices(['auto', 'float', 'int8'])
        .default('auto'),
    )
    .option('--time', 'also time one image, in float and packed', false)
    .addOption(backendOption())
    .addOption(pluginOption())
    .option('--json', jsonText, false)
    .action((folder: string, options: CompileCommandOptions) =>
      execute((io) => runCompile(folder, options, io)),
    );
  program
    .command('run')
    .description('run a packed model: its accuracy on a data set, or the classes of a picture')
    .argument(file, 'file of `bitgrad compile`')
    .option('--data <spec>', dataHelp)
    .option('--image <file>', 'a picture (PNG, JPEG, WebP, GIF, BMP), made as those of the training')
    .option('--invert', 'the picture is dark on light where training had light on dark', false)
    .addOption(fit)
    .addOption(background)
    .addOption(outputKindOption)
    .option('--top <n>', 'how many classes of a picture to show', integer(1), 3)
    .addOption(new Option('--split <name>', 'part of the data').choices(['test', 'train']).default('test'))
    .option('--limit <n>', 'use at most so many images', integer(1))
    .option('--seed <n>', 'decides which images a limit takes, and what digits draws', anyInteger, 1)
    .addOption(engineOption())
    .option('--threads <n>', 'threads of the engine', integer(1), 1)
    .addOption(pluginOption())
    .option('--json', jsonText, false)
    .action((path: string, options: RunCommandOptions) => execute((io) => runRun(path, options, io)));
  program
    .command('inspect')
    .description('show what a packed model holds: layers, sizes, multiply-accumulates, weights, thresholds')
    .argument(file, 'file of `bitgrad compile`')
    .option('--json', jsonText, false)
    .action((path: string, options: InspectOptions) => execute((io) => runInspect(path, options, io)));
  program
    .command('bench')
    .description('time a packed model')
    .argument(file, 'file of `bitgrad compile`')
    .addOption(engineOption())
    .option('--threads <n>', 'threads of the engine', integer(1), 1)
    .option('--seconds <x>', 'how long to measure', positive, 2)
    .option('--json', jsonText, false)
    .action((path: string, options: BenchOptions) => execute((io) => runBench(path, options, io)));
}
