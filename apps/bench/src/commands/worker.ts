// `bench worker`: runs trials from a queue until it is stopped.
import { trialName } from '../config.js';
import { startWorker } from '../queue-worker.js';

/** Options of the command. */
export interface WorkerCommandOptions {
  readonly queue: string;
  readonly concurrency: number;
  /** Packages, or absolute paths, that jobs may name as plugins. */
  readonly plugins?: readonly string[];
  /** A folder that all workers see. */
  readonly checkpoints?: string;
}

/**
 * Works until SIGINT or SIGTERM, then ends the trials that run; a second signal ends them at once.
 * @returns the exit code: 0, or 130 after the second signal
 */
export async function workerCommand({
  queue,
  concurrency,
  plugins = [],
  checkpoints,
}: WorkerCommandOptions): Promise<number> {
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const signals = (['SIGINT', 'SIGTERM'] as const).map((name) => ({ name, listener: () => heard() }));
  let heard = (): void => {};
  const nextSignal = (): Promise<boolean> => new Promise((resolve) => (heard = () => resolve(true)));
  const first = nextSignal();
  for (const { name, listener } of signals) process.on(name, listener);
  try {
    const worker = await startWorker(
      queue,
      { concurrency, plugins, ...(checkpoints !== undefined && { keep: { folder: checkpoints } }) },
      {
        started: (trial) => say(`${trialName(trial)}: started`),
        finished: (trial, result) => say(`${trialName(trial)}: ${(100 * result.hardened).toFixed(2)} %`),
        failed: (trial, error) => say(`${trial ? `${trialName(trial)}: ` : ''}${error.message}`),
      },
    );
    say(`worker ${process.pid} waits for trials on ${queue.replace(/\/\/[^@/]*@/, '//')}`);
    await first;
    say('stopping after the trials that run; once more stops them');
    const second = nextSignal();
    const stopped = await Promise.race([worker.finish().then(() => false), second]);
    if (!stopped) return 0;
    await worker.stop();
    return 130;
  } finally {
    for (const { name, listener } of signals) process.off(name, listener);
  }
}
