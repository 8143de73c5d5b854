// A trial that is under way, on disk: its checkpoint, and the commits that it ran at so far. Long trials survive the end of
// their process, and go on to the same bits.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '@bitgrad/recipe';
import { commit } from './result.js';
import { removeWhole, writeWhole } from './whole-file.js';

/** Where a trial's progress is kept. */
export interface TrialCheckpoint {
  /** Brings a run to where the trial stopped; nothing where it did not begin. @throws BitgradError as `Run.resume` */
  resume(run: Run): void;
  save(run: Run): Promise<void>;
  /** The commits it ran at, in order, with `+` between them; null outside a checkout. */
  commit(): string | null;
  remove(): void;
}

/** @param folder of the run @param id of the trial */
export function trialCheckpoint(folder: string, id: string): TrialCheckpoint {
  const path = join(folder, 'unfinished', `${id}.checkpoint`);
  const commitsPath = join(folder, 'unfinished', `${id}.commits`);
  const now = commit();
  const before = existsSync(path) && existsSync(commitsPath) ? readFileSync(commitsPath, 'utf8') : '';
  const commits = before.split('+').includes(now ?? '') ? before : [before, now].filter(Boolean).join('+');
  return {
    resume(run) {
      if (existsSync(path)) run.resume(readFileSync(path));
    },
    async save(run) {
      mkdirSync(join(folder, 'unfinished'), { recursive: true });
      writeWhole(commitsPath, commits);
      writeWhole(path, await run.checkpoint());
    },
    commit: () => commits || null,
    remove() {
      for (const file of [path, commitsPath]) removeWhole(file);
    },
  };
}
