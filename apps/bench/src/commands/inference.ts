// `bench inference`: packed networks against float and int8 peers, one image at a time.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pick } from '../arguments.js';
import { coldStart } from '../inference/cold-start.js';
import { compareNet, type InferenceRow } from '../inference/compare.js';
import type { Contender } from '../inference/contender.js';
import { floatNets, type FloatNet } from '../inference/float.js';
import { localPacked, remotePacked } from '../inference/packed.js';
import { packedFiles, type PackedFiles } from '../inference/packed-models.js';
import { onnxRuntime, tfjsWasm } from '../inference/peers.js';
import { goalsOf, inferenceChart, inferenceMarkdown, type Environment } from '../inference/report.js';

/** Options of `bench inference`. */
export interface InferenceOptions {
  /** Names of networks and of engines; all by default. */
  readonly nets?: readonly string[];
  readonly engines?: readonly string[];
  readonly rounds: number;
  readonly slice: number;
  readonly coldStarts: number;
  /** Path of the JSON file. */
  readonly json?: string;
  /** Folder of the Markdown report and the chart. */
  readonly out?: string;
}

const commitOf = (): string | null => {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return null;
  }
};

/** Node 20 has relaxed SIMD behind a flag, later ones without. */
const relaxedFlags =
  Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];

/** Every engine; packed files are made once for each network. */
function allContenders(): Contender[] {
  const files = new Map<string, Promise<PackedFiles>>();
  const filesOf = (net: FloatNet): Promise<PackedFiles> => {
    const known = files.get(net.name) ?? packedFiles(net);
    files.set(net.name, known);
    return known;
  };
  const simd = { name: 'wasm', variant: 'simd' } as const;
  return [
    // First: it sets the backend on which models are compiled.
    tfjsWasm(),
    localPacked('bitgrad-wasm', { ...simd, threads: 1 }, filesOf),
    localPacked('bitgrad-wasm', { ...simd, threads: 2 }, filesOf),
    remotePacked('bitgrad-wasm-relaxed', { name: 'wasm', variant: 'relaxed-simd', threads: 1 }, filesOf, relaxedFlags), // prettier-ignore
    localPacked('bitgrad-native', { name: 'native', threads: 1 }, filesOf),
    localPacked('bitgrad-native', { name: 'native', threads: 2 }, filesOf),
    localPacked('bitgrad-js', { name: 'js', threads: 1 }, filesOf),
    onnxRuntime('web', 'fp32'),
    onnxRuntime('web', 'int8'),
    onnxRuntime('node', 'fp32'),
    onnxRuntime('node', 'int8'),
    onnxRuntime('node', 'fp32', 2),
    onnxRuntime('node', 'int8', 2),
  ];
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Compares, writes JSON, Markdown and chart; returns the exit code. */
export async function inferenceCommand(options: InferenceOptions): Promise<number> {
  const nets = pick(floatNets, ({ name }) => name, 'network', options.nets);
  const contenders = pick(allContenders(), ({ engine }) => engine, 'engine', options.engines);
  const environment: Environment = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    node: process.versions.node,
    commit: commitOf(),
    date: new Date().toISOString(),
    rounds: options.rounds,
    sliceMs: options.slice,
    load: loadavg()[0]!,
  };
  // First: starting a process from one that holds several networks takes the longer the more it holds.
  const vgg = floatNets[0]!;
  const cold =
    options.coldStarts > 0 && nets.includes(vgg)
      ? await coldStart((await packedFiles(vgg)).whole, options.coldStarts)
      : null;
  for (const { engine, medianMs } of cold?.engines ?? [])
    say(`cold start, ${engine}: ${medianMs.toFixed(0)} ms, of it Node ${cold!.node.medianMs.toFixed(0)} ms`);
  const rows: InferenceRow[] = [];
  for (const net of nets) {
    say(`${net.name}:`);
    const found = await compareNet(net, contenders, { rounds: options.rounds, sliceMs: options.slice });
    for (const { engine, threads, medianMs, reason } of found)
      say(`  ${engine} (${threads}): ${medianMs === null ? reason : `${medianMs.toFixed(3)} ms`}`);
    rows.push(...found);
  }
  const markdown = inferenceMarkdown(rows, environment, cold);
  if (options.json) {
    const path = resolve(options.json);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(
      path,
      `${JSON.stringify({ environment, rows, goals: goalsOf(rows), coldStart: cold }, null, 2)}\n`,
    );
  }
  if (options.out) {
    const folder = resolve(options.out);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'inference.md'), `${markdown}\n![Chart](./inference.svg)\n`);
    writeFileSync(join(folder, 'inference.svg'), inferenceChart(rows));
  }
  process.stdout.write(markdown);
  return 0;
}
