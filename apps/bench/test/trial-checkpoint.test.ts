import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { readConfig, trialsOf } from '../src/config.js';
import { commit } from '../src/result.js';
import { runTrial } from '../src/run-trial.js';
import { tinyComparison } from './tiny.js';

it('a trial that died goes on from its checkpoint, to the result of one that did not', async () => {
  const path = tinyComparison({ budget: { epochs: 2 }, methods: [{ quantizer: 'ste' }], plugins: [] });
  const [trial] = trialsOf(readConfig(path));
  const whole = await runTrial(trial!);
  const keep = { folder: join(dirname(path), 'out'), everyMs: 0 };
  const dying = runTrial(
    trial!,
    ({ done }) => {
      if (done === 6) throw new Error('killed');
    },
    keep,
  );
  await expect(dying).rejects.toThrow('killed');
  expect(existsSync(join(keep.folder, 'unfinished', `${trial!.id}.checkpoint`))).toBe(true);
  const seen: number[] = [];
  const rest = await runTrial(trial!, ({ done }) => void seen.push(done), keep);
  expect(seen).toEqual([6, 7, 8]);
  const figures = ({ epochs, hardened, soft, parameters, commit }: typeof rest) => ({ epochs, hardened, soft, parameters, commit }); // prettier-ignore
  expect(figures(rest)).toEqual(figures(whole));
  expect(rest.commit).toBe(commit());
  expect(readdirSync(join(keep.folder, 'unfinished'))).toEqual([]);
});
