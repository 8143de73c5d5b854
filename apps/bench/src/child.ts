// A worker process: runs the trial it is sent, one in its life, so that memory and backends start fresh.
import type { Trial } from './config.js';
import type { TrialResult } from './result.js';
import { runTrial, type KeepIn, type TrialProgress } from './run-trial.js';

/** What a worker process tells its parent. */
export type ChildMessage =
  | { readonly type: 'progress'; readonly progress: TrialProgress }
  | { readonly type: 'result'; readonly result: TrialResult }
  | { readonly type: 'error'; readonly message: string; readonly code: string | null };

/** What it is told. */
export interface ChildTask {
  readonly trial: Trial;
  /** Where the trial's progress is kept. */
  readonly keep?: KeepIn;
}

const send = (message: ChildMessage): Promise<void> =>
  new Promise((resolve) => process.send!(message, undefined, undefined, () => resolve()));

// Ctrl-C reaches the whole group: the parent decides what happens to its workers.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(1));

process.once('message', ({ trial, keep }: ChildTask) => {
  let last = 0;
  const onProgress = (progress: TrialProgress): void => {
    const now = Date.now();
    if (now - last < 200) return;
    last = now;
    void send({ type: 'progress', progress });
  };
  runTrial(trial, onProgress, keep).then(
    async (result) => {
      await send({ type: 'result', result });
      process.exit(0);
    },
    async (cause: unknown) => {
      const { message, code } = cause as { message: string; code?: string };
      await send({ type: 'error', message, code: code ?? null });
      process.exit(2);
    },
  );
});
