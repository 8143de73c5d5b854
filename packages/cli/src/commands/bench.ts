// `bitgrad bench`: how long one inference of a packed model takes here.
import { checkCommand, expectText } from '../arguments.js';
import { resolve } from 'node:path';
import { createRng, soundLength } from '@bitgrad/core';
import { elementCount, type OpReport } from '@bitgrad/runtime';
import { engineText, runOn, startPacked, timeRuns, type Started, type Timing } from '../engines.js';
import { openEar } from '../listen.js';
import { described, kinds, type Given } from '@bitgrad/recipe';
import * as v from 'valibot';
import { shared } from '../options.js';
import { exitCodes } from '../exit.js';
import { writeLine, type CliIo } from '../io.js';
import { kilobytes, resultTable } from '../table.js';

export const benchEntries = {
  engine: shared.engine,
  threads: shared.threads,
  seconds: v.optional(described(kinds.positive, 'how long to measure', { value: '<x>' }), 2),
  json: shared.json,
};

/** Options of `bitgrad bench`. */
export type BenchOptions = Given<typeof benchEntries>;

/** The object of `bitgrad bench --json`. */
export interface BenchResult extends Timing {
  readonly engine: string;
  readonly variant: string | null;
  readonly threads: number;
  /** Why there are fewer than --threads. */
  readonly threadsReason: string | null;
  /** From bytes in memory to the first result. */
  readonly firstMs: number;
  readonly imagesPerSecond: number;
  readonly fileBytes: number;
  readonly weightBytes: number;
  readonly arenaBytes: number;
  readonly ops: readonly OpReport[];
  /** Of a model of sound: one second of it, the spectra of its frames and one answer. */
  readonly soundSecond?: Timing;
}

/** Times sound that comes in: a second of noise at a time. */
async function timeSecond(started: Started, seconds: number): Promise<Timing | undefined> {
  const { sound } = started.model.metadata;
  if (!sound) return undefined;
  const ear = await openEar(started, sound.sampleRate);
  const rng = createRng(2);
  const second = Int16Array.from({ length: sound.sampleRate }, () => Math.round(2000 * rng.normal()));
  // What is heard first is no answer yet.
  for (let heard = 0; heard < soundLength(sound); heard += second.length) await ear.push(second);
  const timing = await timeRuns(() => ear.push(second), seconds);
  ear.dispose();
  return timing;
}

/** Times a packed model; returns the exit code. */
export async function runBench(
  file: string,
  given: BenchOptions,
  io: CliIo,
  directory = process.cwd(),
): Promise<number> {
  expectText('file', file);
  const options = checkCommand('bench', benchEntries, given, io, directory);
  const begun = performance.now();
  const started = await startPacked(resolve(directory, file), options, io);
  const { model, fileBytes, executable, report } = started;
  const { type, shape } = model.plan.buffers[model.plan.input]!;
  const rng = createRng(1);
  const size = elementCount(shape);
  const input =
    type === 'u8'
      ? Uint8Array.from({ length: size }, () => rng.integer(256))
      : Float32Array.from({ length: size }, () => rng.normal());
  const output = await runOn(executable, input);
  const firstMs = performance.now() - begun;
  const timing = await timeRuns(() => runOn(executable, input, output), options.seconds);
  const soundSecond = await timeSecond(started, options.seconds);
  executable.dispose();
  const result: BenchResult = {
    ...timing,
    engine: report.engine,
    variant: report.variant ?? null,
    threads: report.threads,
    threadsReason: report.threadsReason ?? null,
    firstMs,
    imagesPerSecond: 1000 / timing.medianMs,
    fileBytes,
    weightBytes: report.weightBytes,
    arenaBytes: report.arenaBytes,
    ops: report.ops,
    ...(soundSecond && { soundSecond }),
  };
  if (options.json) {
    writeLine(io.stdout, JSON.stringify(result));
    return exitCodes.done;
  }
  const rows: [string, string][] = [
    ['median', io.colors.green(`${result.medianMs.toFixed(3)} ms`)],
    ['5 % to 95 %', `${result.p5Ms.toFixed(3)} to ${result.p95Ms.toFixed(3)} ms, ${result.runs} runs`],
    ['throughput', `${result.imagesPerSecond.toFixed(0)} img/s, one at a time`],
    ...(soundSecond
      ? [
          ['a second of sound', `${soundSecond.medianMs.toFixed(3)} ms: its spectra and one answer`] as [
            string,
            string,
          ],
        ]
      : []),
    ['first result after', `${firstMs.toFixed(1)} ms`],
    ['memory', `${kilobytes(result.weightBytes)} weights, ${kilobytes(result.arenaBytes)} activations`],
    ...result.ops.map((op): [string, string] => [op.name ? `${op.op} ${op.name}` : op.op, op.kernel]),
  ];
  writeLine(io.stdout, resultTable(`${model.metadata.name ?? 'model'} on ${engineText(report)}`, rows, io));
  return exitCodes.done;
}
