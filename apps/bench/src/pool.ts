// The local executor: some worker processes, each with one trial at a time.
import { isCrash, spawnTrial } from './spawn-trial.js';
import type { Trial } from './config.js';
import type { TrialResult } from './result.js';
import type { TrialProgress } from './run-trial.js';

/** What an executor tells. */
export interface ExecutorEvents {
  started?(trial: Trial): void;
  progress?(trial: Trial, progress: TrialProgress): void;
  finished(trial: Trial, result: TrialResult): void;
  failed(trial: Trial, error: Error): void;
}

/** How trials are run: resolves when every one has finished or failed, or after the signal. */
export type Executor = (
  trials: readonly Trial[],
  events: ExecutorEvents,
  signal?: AbortSignal,
) => Promise<void>;

/** Tries of a trial whose process died. */
const tries = 3;

/** A pool of `workers` processes on this machine. @param folder of the run, where the progress of trials is kept */
export const localPool =
  (workers: number, folder?: string): Executor =>
  async (trials, events, signal) => {
    const queue = [...trials];
    const runOne = async (trial: Trial): Promise<void> => {
      for (let attempt = 1; ; attempt++) {
        try {
          events.started?.(trial);
          const result = await spawnTrial(trial, (progress) => events.progress?.(trial, progress), { signal, keep: folder === undefined ? undefined : { folder } }); // prettier-ignore
          return events.finished(trial, result);
        } catch (error) {
          if (signal?.aborted) return;
          if (!isCrash(error) || attempt === tries) return events.failed(trial, error as Error);
        }
      }
    };
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next && !signal?.aborted; next = queue.shift()) await runOne(next);
    };
    await Promise.all(Array.from({ length: Math.min(workers, trials.length) }, lane));
  };
