// `bench run`: the trials of a config that are not finished yet, then the report.
import { resolve } from 'node:path';
import pc from 'picocolors';
import {
  absoluteData,
  labelOf,
  readConfig,
  trialName,
  trialsOf,
  withSpeakers,
  type BenchConfig,
} from '../config.js';
import { display } from '../display.js';
import { localPool, type Executor } from '../pool.js';
import { openRun } from '../store.js';
import { writeReport } from './report.js';

/** Options of `bench run`. */
export interface RunOptions {
  readonly out?: string;
  readonly workers: number;
  readonly queue?: string;
  readonly seeds?: number;
  readonly epochs?: number;
  /** In place of the config's; folders are relative to where the command runs. */
  readonly data?: string;
  readonly json: boolean;
}

const overridden = (config: BenchConfig, { seeds, epochs, data }: RunOptions): BenchConfig => ({
  ...config,
  ...(data && { data: absoluteData(data, process.cwd()) }),
  ...(seeds ? { seeds: Array.from({ length: seeds }, (_, i) => i + 1) } : {}),
  ...(epochs ? { budget: { epochs } } : {}),
});

/**
 * Runs what is missing of a config and writes the report.
 * @returns the exit code: 1 when a trial failed, 130 when interrupted
 */
export async function runCommand(nameOrPath: string, options: RunOptions): Promise<number> {
  const config = withSpeakers(overridden(readConfig(nameOrPath), options));
  const folder = resolve(options.out ?? `runs/${config.name}`);
  const store = openRun(folder, config);
  const all = trialsOf(config);
  const finished = new Set(store.results().map(({ id }) => id));
  const open = all.filter(({ id }) => !finished.has(id));
  const view = display(open.length > 0 ? open : all, options.json ? process.stderr : process.stdout);
  view.say(
    `${config.name}: ${config.methods.map(labelOf).join(', ')}; ${all.length} trials, ${all.length - open.length} done; to ${folder}`,
  );
  const controller = new AbortController();
  const interrupt = (): void => {
    view.say(
      pc.yellow(
        'interrupted: finished trials are kept, and where the others stood; the same command goes on',
      ),
    );
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const failures: string[] = [];
  const execute: Executor = options.queue
    ? (await import('../queue.js')).redisQueue(options.queue)
    : localPool(options.workers, folder);
  await execute(
    open,
    {
      started: view.started,
      progress: view.progress,
      finished(trial, result) {
        store.append({ ...result, label: trial.label });
        view.ended(trial, `${(100 * result.hardened).toFixed(2)} % in ${result.seconds.toFixed(0)} s`);
      },
      failed(trial, error) {
        failures.push(`${trialName(trial)}: ${error.message}`);
        view.ended(trial, pc.red(error.message));
      },
    },
    controller.signal,
  );
  view.stop();
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  const report = store.results().length > 0 ? await writeReport([folder], folder) : undefined;
  if (report && !options.json) process.stdout.write(`\n${report.markdown}\nreport: ${report.html}\n`);
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ run: folder, trials: all.length, finished: store.results().length, failures, report: report?.html ?? null })}\n`,
    );
  if (controller.signal.aborted) return 130;
  return failures.length > 0 ? 1 : 0;
}
