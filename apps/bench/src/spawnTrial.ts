// Runs a trial in a process of its own.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BitgradError, type ErrorCode } from '@bitgrad/core';
import type { ChildMessage } from './child.js';
import type { Trial } from './config.js';
import type { TrialResult } from './result.js';
import type { TrialProgress } from './runTrial.js';
import { sourceFlags } from './sourceFlags.js';

/** A trial's process died before it gave a result: worth another try. */
export const isCrash = (error: unknown): boolean => (error as { crashed?: boolean }).crashed === true;

/**
 * @throws BitgradError what the trial raised; `invalid-state` with `crashed` set when its process died
 */
export function spawnTrial(
  trial: Trial,
  onProgress: (progress: TrialProgress) => void,
  signal?: AbortSignal,
): Promise<TrialResult> {
  const child = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), {
    execArgv: [...sourceFlags],
    // Workers' own output would tear progress displays; what they have to say comes as messages.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'json',
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill);
  return new Promise<TrialResult>((resolve, reject) => {
    child.on('message', (message: ChildMessage) => {
      if (message.type === 'progress') onProgress(message.progress);
      else if (message.type === 'result') resolve(message.result);
      else
        reject(
          new BitgradError({
            code: (message.code ?? 'invalid-state') as ErrorCode,
            source: 'bench',
            what: `trial ${trial.label} (seed ${trial.seed}) failed: ${message.message}`,
          }),
        );
    });
    child.on('exit', (code, killedBy) => {
      const what = `process of trial ${trial.label} (seed ${trial.seed}) ended with ${killedBy ?? code}`;
      reject(
        Object.assign(new BitgradError({ code: 'invalid-state', source: 'bench', what }), { crashed: true }),
      );
    });
    child.on('error', reject);
    child.send(trial);
  }).finally(() => {
    signal?.removeEventListener('abort', kill);
    if (child.connected) child.disconnect();
  });
}
