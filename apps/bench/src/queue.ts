// The executor for many machines: trials as BullMQ jobs on Redis, run by any number of `pnpm bench worker`.
// Jobs run at least once; a trial's id is its job id and its result is recorded once, so a repeated run changes nothing.
import { setTimeout as pause } from 'node:timers/promises';
import { BitgradError, within } from '@bitgrad/core';
import { Queue, QueueEvents, type Job } from 'bullmq';
import { trialName, type Trial } from './config.js';
import { payloadOf, resultOf, type Payload } from './payload.js';
import type { Executor, ExecutorEvents } from './pool.js';
import { closeAll, connectionOf, findServer, unreachable } from './redis.js';
import type { TrialProgress } from './run-trial.js';

/** Name of the queue on the server. */
export const queueName = 'bitgrad-bench';

/** Waits of {@link redisQueue}, in milliseconds. */
export interface QueueTimes {
  /** Between two looks at the jobs. Default 1,000. */
  readonly lookMs?: number;
  /** How long the server may be away. Default 120,000. */
  readonly awayMs?: number;
}

/** How often a job is given out again that the server has lost. */
const mostLosses = 5;

/** The open trials of a run and their jobs. */
function jobsOf(queue: Queue, trials: readonly Trial[], events: ExecutorEvents) {
  const open = new Map(trials.map((trial) => [trial.id, trial]));
  const losses = new Map<string, number>();
  const jobOf = (id: string): Promise<Job<Payload> | undefined> => queue.getJob(id);
  const handOut = (trial: Trial): Promise<unknown> =>
    queue.add(trial.label, payloadOf(trial), { jobId: trial.id, attempts: 1 });
  const fail = (trial: Trial, error: unknown): void => {
    open.delete(trial.id);
    events.failed(trial, error as Error);
  };
  return {
    open,
    /** Gives a trial out; one that failed in an earlier run is tried again, one that is there is left alone. */
    async begin(trial: Trial): Promise<void> {
      const before = await jobOf(trial.id);
      if (before && (await before.isFailed())) await before.remove();
      await handOut(trial);
    },
    /** Looks at a trial's job: takes what it came to, and gives it out again when the server has forgotten it. */
    async settle(id: string): Promise<void> {
      const job = await jobOf(id);
      const [completed, failed] = job ? [await job.isCompleted(), await job.isFailed()] : [false, false];
      // Another look may have been faster.
      const trial = open.get(id);
      if (!trial) return;
      if (!job) {
        const lost = (losses.get(id) ?? 0) + 1;
        losses.set(id, lost);
        if (lost <= mostLosses) return void (await handOut(trial));
        const what = `the server lost the job of trial ${trialName(trial)} ${lost} times`;
        return fail(trial, new BitgradError({ code: 'io', source: 'bench', what }));
      }
      if (!completed && !failed) return;
      // What it came to may be newer than what was read above.
      const ended = (await jobOf(id)) ?? job;
      if (!open.delete(id)) return;
      try {
        if (failed) fail(trial, new Error(ended.failedReason));
        else events.finished(trial, resultOf(trial, ended.returnvalue));
      } catch (error) {
        fail(trial, error);
      }
      // Recorded: the server need not keep it.
      await ended.remove();
    },
  };
}

/**
 * Gives trials to workers by Redis and collects their results.
 * @throws BitgradError (from the executor) `io` when no server answers, or it is away for too long
 */
export const redisQueue =
  (url: string, { lookMs = 1000, awayMs = 120_000 }: QueueTimes = {}): Executor =>
  async (trials, events, signal) => {
    if (trials.length === 0) return;
    await findServer(url);
    const closing = new AbortController();
    const connection = connectionOf(url, closing.signal);
    const queue = new Queue(queueName, { connection });
    const listener = new QueueEvents(queueName, { connection });
    let trouble: unknown = new Error('no answer');
    const note = (error: Error): void => void (trouble = error);
    queue.on('error', note);
    listener.on('error', note);
    const { open, begin, settle } = jobsOf(queue, trials, events);
    listener.on('active', ({ jobId }) => {
      const trial = open.get(jobId);
      if (trial) events.started?.(trial);
    });
    listener.on('progress', ({ jobId, data }) => {
      const trial = open.get(jobId);
      if (trial) events.progress?.(trial, data as unknown as TrialProgress);
    });
    // What fails here is looked at again below.
    const look = ({ jobId }: { jobId: string }): void => void settle(jobId).catch(() => undefined);
    listener.on('completed', look);
    listener.on('failed', look);
    const all = async (one: (trial: Trial) => Promise<void>, some: readonly Trial[]): Promise<void> => {
      for (const trial of some) if (!signal?.aborted) await one(trial);
    };
    try {
      let answered = Date.now();
      let work = (): Promise<void> =>
        all(begin, trials).then(() => {
          work = () => all(({ id }) => settle(id), [...open.values()]);
        });
      // Events can be missed while a connection is down: the jobs themselves are asked now and then.
      while (open.size > 0 && !signal?.aborted) {
        try {
          await untilAborted(
            within(awayMs / 4, work(), () => new Error('no answer')),
            signal,
          );
          answered = Date.now();
        } catch (error) {
          if (Date.now() - answered > awayMs) throw unreachable(url, trouble ?? error);
        }
        await pause(lookMs, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      await closeAll(closing, listener, queue);
    }
  };

/** Waits for a promise, but not beyond an abortion. */
const untilAborted = (promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> =>
  new Promise<unknown>((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    signal?.addEventListener('abort', stop);
    promise.then(resolve, reject).finally(() => signal?.removeEventListener('abort', stop));
  });
