// A long training in a real Chromium: memory stays flat, and the main thread has no task that computes for over
// 50 ms. Some seconds; BITGRAD_FULL=1 makes it five minutes. The figures are written to artifacts/quiet.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { measurable, sample, traceTasks, type Sample } from './quiet.js';
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
      const browser = await launch({ args: measurable, whole: true });
      const server = await serve(siteFolder);
      const { page, end } = await visit(browser, server, '#train');
      await page.locator('input[name=epochs]').fill('500');
      await page.getByRole('button', { name: 'Start training' }).click();
      await untilPhase(page, 'training');
      await page.waitForFunction(() => /After epoch/.test(document.body.innerHTML));
      // Measuring memory is a long task itself: tasks are traced before.
      const endTrace = await traceTasks(browser, page);
      await page.waitForTimeout(quietSeconds * 1000);
      const tasks = await endTrace();
      expect(tasks.length).toBeGreaterThan(100);
      expect(
        tasks.filter((ms) => ms > 50),
        'tasks over 50 ms',
      ).toEqual([]);
      // The trace sees what there is to see.
      const endSecond = await traceTasks(browser, page);
      await page.evaluate(
        () =>
          new Promise<void>((resolve) =>
            setTimeout(() => {
              let sum = 0;
              for (let i = 0; i < 3e8; i++) sum += Math.sqrt(i + sum);
              // Answered from the next task: a trace that ends within this one does not have it.
              setTimeout(resolve, 100);
            }),
          ),
      );
      expect(Math.max(...(await endSecond()))).toBeGreaterThan(50);
      const samples = await sample(page, seconds, full ? 5 : 0.5);
      const third = Math.floor(samples.length / 3);
      const [first, last] = [samples.slice(0, third), samples.slice(-third)];
      const growth = middle(last, 'bytes') / middle(first, 'bytes') - 1;
      mkdirSync(artifacts, { recursive: true });
      const report = {
        quietSeconds,
        seconds,
        cores: cpus().length,
        tasks: tasks.length,
        longest: Math.max(...tasks),
        growth,
        samples,
      };
      writeFileSync(`${artifacts}quiet.json`, JSON.stringify(report, null, 2));
      expect(samples.length).toBeGreaterThanOrEqual(6);
      expect(middle(samples, 'workerBytes')).toBeGreaterThan(1e6);
      expect(growth, 'growth of memory').toBeLessThan(full ? 0.03 : 0.1);
      expect(middle(last, 'tensors')).toBe(middle(first, 'tensors'));
      expect(middle(last, 'nodes')).toBe(middle(first, 'nodes'));
      await end();
      await server.close();
      await browser.close();
    },
    (seconds + 240) * 1000,
  );
});
