// The Train page's choice of backend in a real Chromium: each trains, with the same numbers; a missing one says why.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from './server.js';
import { siteFolder } from './site.js';
import { launch, nextPhase, required, skipReason, untilPhase, visit } from './visit.js';

const choice = (page: Page, id: string) =>
  page.locator('[data-testid=backends] label', { has: page.locator(`input[value="${id}"]`) });

async function openMore(page: Page): Promise<void> {
  await page.getByText('More settings').click();
  await page.locator('[data-testid=backends][data-probed=true]').waitFor();
}

/** Loss of the last step and accuracies of a short run. */
async function train(page: Page): Promise<{ loss: number; graph: number; packed: number }> {
  // The run before is done, too, until this one begins; a phase may be shorter than the time from one look at the page to the next.
  const begun = nextPhase(page);
  await page.getByRole('button', { name: 'Start training' }).click();
  await begun;
  await untilPhase(page, 'done');
  const summary = await page.locator('[aria-label^="Training loss, now"]').getAttribute('aria-label');
  const [row] = await page.getByTestId('result').locator('tbody tr').allInnerTexts();
  const [graph, packed] = row!.match(/[\d.]+/g)!.map(Number) as [number, number];
  return { loss: Number(/[\d.]+$/.exec(summary!)![0]), graph, packed };
}

describe.skipIf(skipReason)(`backends ${skipReason ?? ''}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch({ gpu: true });
  });
  afterAll(() => browser?.close());

  it('trains on every backend, with the same losses', async () => {
    const server = await serve(siteFolder);
    const { page, end } = await visit(browser, server, '#train');
    await page.locator('select[name=model]').selectOption('mlp');
    await openMore(page);
    for (const [name, value] of [
      ['images', 100],
      ['testImages', 100],
      ['width', 0.125],
      ['epochs', 2],
      ['batchSize', 100],
    ] as const)
      await page.locator(`input[name=${name}]`).fill(String(value));
    const ran: Record<string, Awaited<ReturnType<typeof train>>> = {};
    for (const radio of await page.locator('input[name=backend]').all()) {
      const id = await radio.inputValue();
      if (await radio.isDisabled()) {
        expect(await choice(page, id).innerText()).toMatch(/Not here: .{10,}/);
        continue;
      }
      await radio.check();
      ran[id] = await train(page);
    }
    const wanted = ['wasm', 'wasm-threads', 'cpu', ...['webgl', 'webgpu'].filter(required)];
    expect(Object.keys(ran)).toEqual(expect.arrayContaining(wanted));
    expect(ran['wasm-threads']).toEqual(ran.wasm);
    for (const [id, { loss, graph, packed }] of Object.entries(ran)) {
      // Sums are taken in other orders: a weight near zero may get the other sign, and move the loss a little.
      expect(Math.abs(loss / ran.wasm!.loss - 1), `loss on ${id}: ${loss}`).toBeLessThan(0.01);
      expect(Math.abs(graph - packed), id).toBeLessThanOrEqual(1);
    }
    await end();
    await server.close();
  });

  it('says why a backend is missing', async () => {
    const plain = await launch();
    const server = await serve(siteFolder, { isolated: false });
    const { page, end } = await visit(plain, server, '#train');
    await openMore(page);
    expect(await page.locator('input[value=wasm]').isEnabled()).toBe(true);
    expect(await page.locator('input[value=wasm-threads]').isDisabled()).toBe(true);
    expect(await choice(page, 'wasm-threads').innerText()).toMatch(/Not here: .*cross-origin isolated/);
    expect(await page.locator('input[value=webgpu]').isDisabled()).toBe(true);
    expect(await choice(page, 'webgpu').innerText()).toMatch(/Not here: .*WebGPU/);
    await end();
    await server.close();
    await plain.close();
  });
});
