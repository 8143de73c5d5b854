// `bench worker`: runs trials from a queue until it is stopped.
import { startWorker } from '../queue.js';

/** @returns the exit code, after SIGINT or SIGTERM */
export async function workerCommand({
  queue,
  concurrency,
}: {
  queue: string;
  concurrency: number;
}): Promise<number> {
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const close = await startWorker(queue, concurrency, {
    started: (trial) => say(`${trial.label} seed ${trial.seed}: started`),
    finished: (trial, result) =>
      say(`${trial.label} seed ${trial.seed}: ${(100 * result.hardened).toFixed(2)} %`),
    failed: (trial, error) => say(`${trial ? `${trial.label} seed ${trial.seed}: ` : ''}${error.message}`),
  });
  say(`worker ${process.pid} waits for trials on ${queue}`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  say('stopping after the trials that run');
  await close();
  return 0;
}
