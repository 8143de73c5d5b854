// `bitgrad data get`: the files of a data set, downloaded, compared with their sums, and ready for `--data`.
import { resolve } from 'node:path';
import { getData, type GetProgress, type GetResult } from '@bitgrad/datasets/node';
import { described, kinds, type Given } from '@bitgrad/recipe';
import { SingleBar } from 'cli-progress';
import * as v from 'valibot';
import { checkCommand, expectText } from '../arguments.js';
import { exitCodes } from '../exit.js';
import { writeLine, type CliIo } from '../io.js';
import { shared } from '../options.js';
import { usePlugins } from '../plugins.js';
import { kilobytes, resultTable } from '../table.js';

export const dataGetEntries = {
  mirror: v.optional(
    described(
      v.array(v.string()),
      'address that is tried before the published ones, as MIRROR/FILE, where {name} stands for the data set; may be repeated',
      { value: '<url>', shown: 'those in BITGRAD_DATA_MIRROR, with spaces' },
    ),
    [],
  ),
  silence: v.optional(
    described(kinds.positive, 'seconds that a server may send nothing', { value: '<x>' }),
    60,
  ),
  tries: v.optional(
    described(kinds.integer(1), 'attempts in a row that bring nothing, for each address', { value: '<n>' }),
    5,
  ),
  plugin: shared.plugin,
  json: shared.json,
};

/** Options of `bitgrad data get`. */
export type DataGetOptions = Given<typeof dataGetEntries>;

const lineEveryMs = 5000;

/** A bar on a terminal, else a line at the start of a file and every few seconds. */
function progressOf({ stderr, terminal }: CliIo) {
  const format = '{file} |{bar}| {percentage}% | {done} of {all}';
  const bar = new SingleBar({ stream: stderr, format, barsize: 24, fps: 8, hideCursor: true, clearOnComplete: true, gracefulExit: false }); // prettier-ignore
  let [current, shown] = ['', 0];
  return {
    show({ file, done, total }: GetProgress): void {
      const amount = { file, done: kilobytes(done), all: total === undefined ? '?' : kilobytes(total) };
      if (terminal && file !== current) bar.start(total ?? done, done, amount);
      else if (terminal) bar.update(done, amount);
      else if (file !== current || Date.now() - shown >= lineEveryMs) {
        writeLine(stderr, `${file}: ${amount.done} of ${amount.all}`);
        shown = Date.now();
      }
      current = file;
    },
    stop: () => terminal && bar.stop(),
  };
}

/**
 * Downloads a data set.
 * @returns the exit code
 * @throws BitgradError as `getData` of @bitgrad/datasets
 */
export async function runDataGet(
  name: string,
  folder: string,
  given: DataGetOptions,
  io: CliIo,
  directory = process.cwd(),
): Promise<number> {
  expectText('name', name);
  expectText('folder', folder);
  const options = checkCommand('data get', dataGetEntries, given, io, directory);
  await usePlugins(options.plugin, directory);
  const inEnvironment = (process.env.BITGRAD_DATA_MIRROR ?? '').split(/\s+/).filter(Boolean);
  const progress = progressOf(io);
  let result: GetResult;
  try {
    result = await getData(name, resolve(directory, folder), {
      mirrors: options.mirror.length > 0 ? options.mirror : inEnvironment,
      signal: io.signal,
      silenceMs: Math.ceil(options.silence * 1000),
      tries: options.tries,
      onProgress: progress.show,
    });
  } catch (error) {
    if (!io.signal?.aborted) throw error;
    writeLine(io.stderr, 'Stopped. The same command goes on from here.');
    return exitCodes[io.signal.reason as 'SIGINT' | 'SIGTERM'] ?? exitCodes.failed;
  } finally {
    progress.stop();
  }
  const rows = [
    ...result.files.map(({ name: file, status, judgedBy }) => [file, judgedBy ? `${status}, ${judgedBy} right` : status] as const), // prettier-ignore
    ['licence', `${result.licence} (${result.page})`] as const,
    ['use', `--data ${result.spec}`] as const,
  ];
  const text = options.json ? JSON.stringify(result) : resultTable(`${name} in ${result.folder}`, rows, io);
  writeLine(io.stdout, text);
  return exitCodes.done;
}
