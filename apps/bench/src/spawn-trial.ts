// Runs a trial in a process of its own.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BitgradError, type ErrorCode } from '@bitgrad/core';
import type { ChildMessage, ChildTask } from './child.js';
import { trialName, type Trial } from './config.js';
import type { TrialResult } from './result.js';
import type { KeepIn, TrialProgress } from './run-trial.js';
import { sourceFlags } from './source-flags.js';

/** A trial's process died before it gave a result: worth another try. */
export const isCrash = (error: unknown): boolean => (error as { crashed?: boolean }).crashed === true;

/** A trial that says nothing for so long hangs: loading, packing and timing take minutes, steps tell of themselves. */
const silenceMs = 60 * 60_000;

/** How a trial is run. */
export interface SpawnOptions {
  readonly signal?: AbortSignal;
  /** How long the trial may say nothing. */
  readonly limitMs?: number;
  readonly script?: URL;
  /** Where its progress is kept. */
  readonly keep?: KeepIn;
}

/**
 * @throws BitgradError what the trial raised; `invalid-state` when it hangs, and with `crashed` set when its process died
 */
export function spawnTrial(
  trial: Trial,
  onProgress: (progress: TrialProgress) => void,
  { signal, limitMs = silenceMs, script = new URL('./child.ts', import.meta.url), keep }: SpawnOptions = {},
): Promise<TrialResult> {
  const child = fork(fileURLToPath(script), {
    execArgv: [...sourceFlags],
    // Workers' own output would tear progress displays; what they have to say comes as messages.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'json',
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill);
  if (signal?.aborted) kill();
  const name = `trial ${trialName(trial)}`;
  let watch: NodeJS.Timeout | undefined;
  return new Promise<TrialResult>((resolve, reject) => {
    const listen = (): void => {
      clearTimeout(watch);
      watch = setTimeout(() => {
        const what = `${name} gave no sign for ${limitMs / 60_000} minutes, and was ended`;
        reject(new BitgradError({ code: 'invalid-state', source: 'bench', what }));
        kill();
      }, limitMs);
    };
    listen();
    child.on('message', (message: ChildMessage) => {
      listen();
      if (message.type === 'progress') onProgress(message.progress);
      else if (message.type === 'result') resolve(message.result);
      else
        reject(
          new BitgradError({
            code: (message.code ?? 'invalid-state') as ErrorCode,
            source: 'bench',
            what: `${name} failed: ${message.message}`,
          }),
        );
    });
    child.on('exit', (code, killedBy) => {
      const what = `process of ${name} ended with ${killedBy ?? code}`;
      reject(
        Object.assign(new BitgradError({ code: 'invalid-state', source: 'bench', what }), { crashed: true }),
      );
    });
    child.on('error', reject);
    child.send({ trial, keep } satisfies ChildTask);
  }).finally(() => {
    clearTimeout(watch);
    signal?.removeEventListener('abort', kill);
    if (child.connected) child.disconnect();
  });
}
