// The worker's side of the queue: takes jobs, checks them, and runs each in a process of its own.
import { Worker, type Job } from 'bullmq';
import type { Trial } from './config.js';
import { trialOf, type Payload } from './payload.js';
import { queueName } from './queue.js';
import { closeAll, connectionOf, findServer } from './redis.js';
import type { TrialResult } from './result.js';
import type { KeepIn } from './run-trial.js';
import { spawnTrial } from './spawn-trial.js';

/** A worker that gave no sign for so long has lost its jobs to others. */
const defaultLockMs = 15_000;

/** What a worker says while it works. */
export interface WorkerEvents {
  started(trial: Trial): void;
  finished(trial: Trial, result: TrialResult): void;
  failed(trial: Trial | undefined, error: Error): void;
}

/** What a worker takes. */
export interface WorkerOptions {
  /** Trials at a time. */
  readonly concurrency: number;
  /** Plugins that jobs may load: code that runs here. */
  readonly plugins: readonly string[];
  /** Where the progress of trials is kept: a folder that all workers see. Without it a trial begins anew elsewhere. */
  readonly keep?: KeepIn;
  /** After how long without a sign the jobs of a worker are given to others. Default 15,000. */
  readonly lockMs?: number;
}

/** A worker at work. */
export interface QueueWorker {
  /** Takes no more jobs, and resolves when those that run have ended. */
  finish(): Promise<void>;
  /** Ends the trials that run; others will run them. */
  stop(): Promise<void>;
}

/**
 * Takes trials from the queue until it is stopped. While the server is away, it waits for it.
 * @throws BitgradError `io` when no server answers at the start
 */
export async function startWorker(
  url: string,
  { concurrency, plugins, keep, lockMs = defaultLockMs }: WorkerOptions,
  events: WorkerEvents,
): Promise<QueueWorker> {
  await findServer(url);
  const closing = new AbortController();
  const ended = new AbortController();
  const running = new Set<Promise<TrialResult>>();
  const run = async (job: Job<Payload>): Promise<TrialResult> => {
    let trial: Trial | undefined;
    try {
      trial = trialOf(job.data, plugins);
      events.started(trial);
      const tell = (progress: object): void => void job.updateProgress(progress).catch(() => undefined);
      const result = await spawnTrial(trial, tell, { signal: ended.signal, keep });
      events.finished(trial, result);
      return result;
    } catch (error) {
      events.failed(trial, error as Error);
      throw error;
    }
  };
  const runNoted = (job: Job<Payload>): Promise<TrialResult> => {
    const result = run(job);
    running.add(result);
    return result.finally(() => running.delete(result));
  };
  const worker = new Worker<Payload, TrialResult>(queueName, runNoted, {
    connection: connectionOf(url, closing.signal),
    concurrency,
    lockDuration: lockMs,
    stalledInterval: Math.ceil(lockMs / 3),
    // A worker that dies leaves its trial to another; one trial that kills three workers is at fault itself.
    maxStalledCount: 2,
  });
  // Connection trouble is retried by the client.
  worker.on('error', (error) => events.failed(undefined, error));
  return {
    async finish() {
      const closed = worker.close();
      await Promise.allSettled(running);
      await closeAll(closing, { close: () => closed });
    },
    async stop() {
      // Closed first: a trial that is ended is not reported as one that failed, but found stalled and given out again.
      const closed = closeAll(closing, { close: () => worker.close(true) });
      ended.abort();
      await closed;
    },
  };
}
