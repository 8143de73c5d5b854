// A long training in a real Chromium: memory stays flat, and the main thread has no task over 50 ms by the Performance
// API. Some seconds; BITGRAD_FULL=1 makes it five minutes. The figures are written to artifacts/quiet.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { longTasks, measurable, noteLongTasks, sample, type Sample } from './quiet.js';
import { serve } from './server.js';
import { siteFolder } from './site.js';
import { launch, skipReason, untilPhase, visit } from './visit.js';
import { full } from '@bitgrad/tooling/endurance';

const seconds = full ? 300 : 12;
const quietSeconds = full ? 60 : 10;
const artifacts = fileURLToPath(new URL('../artifacts/', import.meta.url));

/** Middle of a column. */
const middle = (samples: readonly Sample[], key: 'bytes' | 'workerBytes' | 'tensors' | 'nodes'): number =>
  samples.map((one) => one[key]).sort((a, b) => a - b)[samples.length >> 1]!;

describe.skipIf(skipReason)(`a long run ${skipReason ?? ''}`, () => {
  it(
    `is quiet for ${seconds} seconds: no long task, no growth`,
    async () => {
      const browser = await launch({ args: measurable });
      const server = await serve(siteFolder);
      const { page, end } = await visit(browser, server, '#train');
      await page.locator('input[name=epochs]').fill('500');
      await page.getByRole('button', { name: 'Start training' }).click();
      await untilPhase(page, 'training');
      await page.waitForFunction(() => /After epoch/.test(document.body.innerHTML));
      // Measuring memory is a long task itself: tasks are noted before.
      await noteLongTasks(page);
      await page.waitForTimeout(quietSeconds * 1000);
      const tasks = await longTasks(page);
      // The observer sees what there is to see.
      await page.evaluate(() => {
        setTimeout(() => {
          const until = performance.now() + 120;
          while (performance.now() < until);
        });
      });
      await page.waitForFunction(() =>
        (globalThis as unknown as { longTasks: number[] }).longTasks.some((ms) => ms >= 100),
      );
      const samples = await sample(page, seconds, full ? 5 : 0.5);
      const third = Math.floor(samples.length / 3);
      const [first, last] = [samples.slice(0, third), samples.slice(-third)];
      const growth = middle(last, 'bytes') / middle(first, 'bytes') - 1;
      mkdirSync(artifacts, { recursive: true });
      const report = {
        quietSeconds,
        seconds,
        cores: cpus().length,
        load: loadavg()[0],
        tasks,
        growth,
        samples,
      };
      writeFileSync(`${artifacts}quiet.json`, JSON.stringify(report, null, 2));
      expect(samples.length).toBeGreaterThanOrEqual(6);
      expect(middle(samples, 'workerBytes')).toBeGreaterThan(1e6);
      expect(growth, 'growth of memory').toBeLessThan(full ? 0.03 : 0.1);
      expect(middle(last, 'tensors')).toBe(middle(first, 'tensors'));
      expect(middle(last, 'nodes')).toBe(middle(first, 'nodes'));
      // On a machine with more to do than cores, a short task may wait for one until it looks long: train.test.ts
      // asserts on the time of the processor at any load.
      if (loadavg()[0]! <= cpus().length + 1) expect(tasks, 'tasks over 50 ms').toEqual([]);
      await end();
      await server.close();
      await browser.close();
    },
    (seconds + 240) * 1000,
  );
});
