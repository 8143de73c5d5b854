// What the functions of this package take when a program calls them: the command line gives the same, and is checked by
// its parser before.
import {
  checkOptions,
  checkValue,
  option,
  outputKinds,
  pictureRules,
  type OptionRule,
  type OptionRules,
} from '@bitgrad/core';
import type { BenchOptions } from './commands/bench.js';
import type { CertifyCommandOptions } from './commands/certify.js';
import type { CompileCommandOptions } from './commands/compile.js';
import type { EvalOptions } from './commands/eval.js';
import type { InspectOptions } from './commands/inspect.js';
import type { ListOptions } from './commands/list.js';
import type { RunCommandOptions } from './commands/run.js';
import type { TrainOptions } from './commands/train.js';
import type { CliIo } from './io.js';

const text = option.required(
  option.of('a string that is not empty', (value) => typeof value === 'string' && value !== ''),
);
const flag = option.required(option.boolean);
const count = option.integer(1);
const needed = option.required(count);
const names = option.required(option.list(option.string));
const split = option.required(option.oneOf('test', 'train'));

const train: OptionRules<TrainOptions> = {
  model: text,
  quantizer: text,
  inputQuantizer: option.string,
  quantizerOptions: option.object,
  inputQuantizerOptions: option.object,
  modelOptions: option.object,
  backend: text,
  data: text,
  limit: count,
  testLimit: count,
  epochs: needed,
  batch: needed,
  lr: option.positive,
  lrSchedule: option.required(option.oneOf('cosine', 'constant', 'linear', 'step')),
  warmup: option.required(option.integer(0)),
  optimizer: text,
  optimizerOptions: option.object,
  augment: text,
  imageSize: count,
  grey: option.boolean,
  ...pictureRules,
  seed: option.required(option.integer()),
  out: option.string,
  resume: flag,
  overwrite: flag,
  checkpointSeconds: option.required(option.positive),
  json: flag,
  plugin: names,
};
const evaluate: OptionRules<EvalOptions> = {
  data: option.string,
  split,
  limit: count,
  backend: text,
  batch: needed,
  json: flag,
  plugin: names,
};
const compile: OptionRules<CompileCommandOptions> = {
  out: text,
  data: option.string,
  limit: needed,
  lastLayer: option.required(option.oneOf('auto', 'float', 'int8')),
  time: flag,
  backend: text,
  json: flag,
  plugin: names,
};
const run: OptionRules<RunCommandOptions> = {
  data: option.string,
  image: option.string,
  ...pictureRules,
  invert: flag,
  outputKind: option.oneOf(...outputKinds),
  top: needed,
  split,
  limit: count,
  seed: option.required(option.integer()),
  engine: text,
  threads: needed,
  json: flag,
  plugin: names,
};
const bench: OptionRules<BenchOptions> = {
  engine: text,
  threads: needed,
  seconds: option.required(option.positive),
  json: flag,
};
const certify: OptionRules<CertifyCommandOptions> = {
  mu: option.list(option.number(), 1),
  options: option.object,
  tolerance: option.positive,
  json: flag,
  svg: option.string,
  plugin: names,
};
const inspect: OptionRules<InspectOptions> = { json: flag };
const list: OptionRules<ListOptions> = { json: flag, plugin: names };

const commands = { train, eval: evaluate, compile, run, bench, certify, inspect, list };

const stream = option.of(
  'a stream to write to',
  (x) => typeof (x as NodeJS.WritableStream | null)?.write === 'function',
);
const io: OptionRules<CliIo> = {
  stdout: option.required(stream),
  stderr: option.required(stream),
  terminal: flag,
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
 * @throws BitgradError `invalid-option` that names the option
 */
export function checkCommand(
  name: keyof typeof commands,
  options: object,
  io: CliIo,
  directory: string,
): void {
  checkValue('cli', `options of ${name}`, options, option.required(option.object));
  checkOptions<object>('cli', name, options, commands[name] as Readonly<Record<string, OptionRule>>);
  expectIo(io);
  expectText('directory', directory);
}
