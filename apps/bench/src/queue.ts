// The executor for many machines: trials as BullMQ jobs on Redis, run by any number of `pnpm bench worker`.
// Jobs run at least once; a trial's id is its job id and its result is recorded once, so a repeated run changes nothing.
import { BitgradError } from '@bitgrad/core';
import { Queue, QueueEvents, Worker, type ConnectionOptions, type Job } from 'bullmq';
import { spawnTrial } from './spawnTrial.js';
import type { Trial } from './config.js';
import type { Executor } from './pool.js';
import type { TrialResult } from './result.js';
import type { TrialProgress } from './runTrial.js';

/** Name of the queue on the server. */
const queueName = 'bitgrad-bench';

/** A worker renews its lock this often; one that missed it lost its job to another. */
const lockMs = 15_000;

/** @throws BitgradError `invalid-option` when it is no redis URL */
export function connectionOf(url: string): ConnectionOptions {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^rediss?:$/.test(parsed.protocol))
    throw new BitgradError({
      code: 'invalid-option',
      source: 'bench',
      what: '--queue',
      got: url,
      expected: 'redis://[user:password@]host[:port][/database]',
    });
  return {
    host: parsed.hostname,
    port: Number(parsed.port || 6379),
    ...(parsed.username ? { username: decodeURIComponent(parsed.username) } : {}),
    ...(parsed.password ? { password: decodeURIComponent(parsed.password) } : {}),
    ...(parsed.pathname.length > 1 ? { db: Number(parsed.pathname.slice(1)) } : {}),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
    maxRetriesPerRequest: null,
  };
}

const unreachable = (url: string, cause: unknown): BitgradError =>
  new BitgradError({
    code: 'io',
    source: 'bench',
    what: `no Redis answers at ${url} (${(cause as Error).message})`,
    next: 'Start one (redis-server), or run without --queue.',
    cause,
  });

/** Waits for the server, at most five seconds. */
const ready = async (
  url: string,
  client: { waitUntilReady(): Promise<unknown>; on(event: 'error', f: (e: Error) => void): unknown },
): Promise<void> => {
  let last: unknown = new Error('no answer within 5 s');
  client.on('error', (error) => (last = error));
  const timeout = new Promise<never>((_, reject) =>
    setTimeout(() => reject(unreachable(url, last)), 5000).unref(),
  );
  await Promise.race([client.waitUntilReady(), timeout]);
};

type TrialJob = Job<Trial, TrialResult>;

/** Gives trials to workers by Redis and collects their results. */
export const redisQueue =
  (url: string): Executor =>
  async (trials, events, signal) => {
    if (trials.length === 0) return;
    const connection = connectionOf(url);
    const queue = new Queue<Trial, TrialResult>(queueName, { connection });
    const listener = new QueueEvents(queueName, { connection });
    await Promise.all([ready(url, queue), ready(url, listener)]);
    const open = new Map(trials.map((trial) => [trial.id, trial]));
    const settle = async (id: string): Promise<void> => {
      const trial = open.get(id);
      const job = trial && ((await queue.getJob(id)) as TrialJob | undefined);
      if (!trial || !job) return;
      const [completed, failed] = [await job.isCompleted(), await job.isFailed()];
      if (!completed && !failed) return;
      open.delete(id);
      if (completed) events.finished(trial, job.returnvalue);
      else events.failed(trial, new Error(job.failedReason));
      // Recorded: the server need not keep it.
      await job.remove();
    };
    listener.on('active', ({ jobId }) => {
      const trial = open.get(jobId);
      if (trial) events.started?.(trial);
    });
    listener.on('progress', ({ jobId, data }) => {
      const trial = open.get(jobId);
      if (trial) events.progress?.(trial, data as unknown as TrialProgress);
    });
    listener.on('completed', ({ jobId }) => void settle(jobId));
    listener.on('failed', ({ jobId }) => void settle(jobId));
    for (const trial of trials) {
      const before = (await queue.getJob(trial.id)) as TrialJob | undefined;
      // One that failed in an earlier run is tried again; one that finished meanwhile is taken as it is.
      if (before && (await before.isFailed())) await before.remove();
      await queue.add(trial.label, trial, { jobId: trial.id, attempts: 1 });
    }
    // Events can be missed while a connection is down: the jobs themselves are asked now and then.
    while (open.size > 0 && !signal?.aborted) {
      for (const id of [...open.keys()]) await settle(id);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    await Promise.all([listener.close(), queue.close()]);
  };

/** What a worker says while it works. */
export interface WorkerEvents {
  started(trial: Trial): void;
  finished(trial: Trial, result: TrialResult): void;
  failed(trial: Trial | undefined, error: Error): void;
}

/**
 * Takes trials from the queue until it is closed.
 * @returns closes the worker after the trials that run
 */
export async function startWorker(
  url: string,
  concurrency: number,
  events: WorkerEvents,
): Promise<() => Promise<void>> {
  const worker = new Worker<Trial, TrialResult>(
    queueName,
    async (job) => {
      events.started(job.data);
      const result = await spawnTrial(job.data, (progress) => void job.updateProgress({ ...progress }));
      events.finished(job.data, result);
      return result;
    },
    {
      connection: connectionOf(url),
      concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs / 3,
      // A worker that dies leaves its trial to another; one trial that kills three workers is at fault itself.
      maxStalledCount: 2,
    },
  );
  worker.on('failed', (job, error) => events.failed(job?.data, error));
  // Connection trouble is retried by the client.
  worker.on('error', (error) => events.failed(undefined, error));
  await ready(url, worker);
  return () => worker.close();
}
