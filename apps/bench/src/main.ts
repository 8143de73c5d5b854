// `pnpm bench`: the command line of the harness.
import { BitgradError } from '@bitgrad/core';
import { Command, InvalidArgumentError, Option } from 'commander';
import { presetNames } from './config.js';

// pnpm runs scripts in the package's folder; paths are meant from where the user is.
if (process.env.npm_lifecycle_event === 'bench' && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);

const positive = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a positive integer');
  return value;
};

const nonNegative = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < Infinity))
    throw new InvalidArgumentError('expected a number, 0 or more');
  return value;
};

const finish = (code: number): void => {
  process.exitCode = code;
};

const program = new Command('bench')
  .description('Fair comparisons of quantizers, models and deployments.')
  .showHelpAfterError()
  .addHelpText('after', `\nPresets: ${presetNames().join(', ')}`);

program
  .command('run')
  .description('train every method and seed of a config that is not finished yet, then write the report')
  .argument('<config>', 'a preset or the path of a JSON file')
  .option('--out <folder>', 'where results go (default: runs/<name>)')
  .option('--workers <n>', 'trials at a time on this machine', positive, 1)
  .addOption(
    new Option(
      '--queue <url>',
      'give the trials to workers by BullMQ on this Redis instead (redis://host:port)',
    ).env('BITGRAD_QUEUE'),
  )
  .option('--seeds <n>', 'use seeds 1 to n', positive)
  .option('--epochs <n>', 'train for n epochs', positive)
  .option('--data <spec>', "read the config's data from elsewhere, such as folder:DIR")
  .option('--json', 'one JSON object on the last line of stdout', false)
  .action(async (config, options) =>
    finish(await (await import('./commands/run.js')).runCommand(config, options)),
  );

program
  .command('worker')
  .description('run trials that `bench run --queue` gives out, until it is stopped')
  .addOption(
    new Option('--queue <url>', 'Redis to take trials from (redis://host:port)')
      .env('BITGRAD_QUEUE')
      .makeOptionMandatory(),
  )
  .option('--concurrency <n>', 'trials at a time', positive, 1)
  .option(
    '--plugins <names...>',
    'plugins that jobs may load (default: none): packages or absolute paths, as in the config; they run as code here',
  )
  .option(
    '--checkpoints <folder>',
    'a folder that all workers see: another worker goes on with a trial whose worker is lost (default: it begins anew)',
  )
  .action(async (options) => finish(await (await import('./commands/worker.js')).workerCommand(options)));

program
  .command('report')
  .description('write the report of finished runs again')
  .argument('<run...>', 'folders of runs')
  .option('--out <folder>', 'where it goes (default: the first run)')
  .action(async (runs: string[], options: { out?: string }) => {
    const { files } = await (await import('./commands/report.js')).writeReport(runs, options.out ?? runs[0]!);
    process.stdout.write(`${files.join('\n')}\n`);
  });

program
  .command('compare')
  .description('show how hardened accuracy changed between two runs; exits with 1 on a regression')
  .argument('<before>', 'folder of a run')
  .argument('<after>', 'folder of a run')
  .option('--tolerance <points>', 'what may be lost beyond the confidence interval', nonNegative, 0)
  .option('--json', 'JSON on stdout', false)
  .action(async (before, after, options) =>
    finish((await import('./commands/compare.js')).compareCommand(before, after, options)),
  );

program
  .command('publish')
  .description('keep runs in docs/results, and make the plots and tables of the documentation anew')
  .argument('[runs...]', 'folders of runs; none: from what is kept')
  .option('--training <file>', 'JSON that `bench training` wrote')
  .option('--inference <file>', 'JSON that `bench inference` wrote')
  .option('--growth <file>', 'JSON that `bench growth` wrote')
  .action(async (runs, options) =>
    finish(await (await import('./commands/publish.js')).publishCommand(runs, options)),
  );

program
  .command('inference')
  .description('time of one image: packed networks against tfjs and onnxruntime, all engines taking turns')
  .option('--json <file>', 'write the measurements as JSON')
  .option('--out <folder>', 'write inference.md and inference.svg')
  .option('--nets <names...>', 'vgg-small, birealnet18, conv-56-64, ... (default: all)')
  .option('--engines <names...>', 'bitgrad-wasm, bitgrad-native, tfjs-wasm, ort-web-int8, ... (default: all)')
  .option('--rounds <n>', 'turns of every engine', positive, 12)
  .option('--slice <ms>', 'milliseconds of a turn', positive, 250)
  .option('--cold-starts <n>', 'starts of Node to the first result, 0 for none', nonNegative, 15)
  .action(async (options) =>
    finish(await (await import('./commands/inference.js')).inferenceCommand(options)),
  );

program
  .command('training')
  .description('training throughput against stock tfjs and PyTorch, all runners taking turns')
  .option('--json <file>', 'write the measurements as JSON')
  .option('--markdown <file>', 'write the table')
  .option(
    '--python <path>',
    'interpreter with PyTorch (default: apps/bench/.venv, python3, /usr/bin/python3)',
  )
  .option('--nets <names...>', 'cnn, vgg-small, resnet20 (default: all)')
  .option('--runners <names...>', 'bitgrad-wasm-1, pytorch-2, tfjs-wasm-patched, ... (default: all)')
  .option('--rounds <n>', 'turns of every runner', positive, 7)
  .option('--steps <n>', 'steps of the fastest runner in a turn', positive, 12)
  .option('--memory-steps <n>', 'steps of the memory check, 0 for none', nonNegative, 1000)
  .action(async (options) => finish(await (await import('./training/command.js')).trainingCommand(options)));

program
  .command('growth')
  .description(
    'what time does when batch, channels, image or threads grow: packed networks and training, and the peers',
  )
  .option('--of <kinds...>', 'inference, training (default: both)')
  .option('--axes <names...>', 'batch, width, size, threads (default: all)')
  .option('--runners <names...>', 'bitgrad-native, bitgrad-wasm, ort-node-int8, pytorch (default: all)')
  .option('--rounds <n>', 'turns of every runner', positive, 5)
  .option('--slice <ms>', 'milliseconds of a turn of inference', positive, 200)
  .option('--steps <n>', 'steps of the fastest trainer in a turn', positive, 4)
  .option(
    '--python <path>',
    'interpreter with PyTorch (default: apps/bench/.venv, python3, /usr/bin/python3)',
  )
  .option('--json <file>', 'write the measurements as JSON')
  .option('--out <folder>', 'write growth.md and a chart of each kind')
  .action(async (options) => finish(await (await import('./commands/growth.js')).growthCommand(options)));

program
  .command('steps')
  .description('what a quantizer costs in a training step: quantizers take turns, step by step')
  .option('--net <name>', 'cnn, vgg-small or resnet20', 'cnn')
  .option('--rounds <n>', 'steps of every quantizer', positive, 60)
  .option('--json', 'JSON on stdout', false)
  .action(async (options) => finish(await (await import('./training/steps.js')).stepsCommand(options)));

program
  .command('twins')
  .description('bitgrad and PyTorch train the same networks from the same weights on the same batches')
  .option('--nets <names...>', 'tfc, cnn, resnet20-fda, resnet20-irnet (default: all)')
  .addOption(
    new Option('--steps <n>', 'steps of a pass over drawn digits')
      .argParser(positive)
      .default(20)
      .conflicts('data'),
  )
  .option('--batch <n>', 'images of a step', positive, 32)
  .option('--data <spec>', 'a data set such as mnist:DIR, in place of drawn digits')
  .option('--epochs <n>', 'passes over the images', positive, 1)
  .option('--augment <list>', 'such as crop:4,flip', 'none')
  .addOption(
    new Option('--schedule <name>', 'how the learning rate falls')
      .choices(['constant', 'cosine'])
      .default('constant'),
  )
  .option('--backend <name>', "where bitgrad's half runs", 'wasm')
  .option(
    '--python <path>',
    'interpreter with PyTorch (default: apps/bench/.venv, python3, /usr/bin/python3)',
  )
  .option('--json <file>', 'write losses and accuracies as JSON')
  .action(async (options) => finish(await (await import('./twins/command.js')).twinsCommand(options)));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof BitgradError)) throw error;
  process.stderr.write(`${error.message}\n`);
  finish(2);
}
// A connection or a process that does not close must not keep a command that has ended.
setTimeout(() => process.exit(), 5000).unref();
