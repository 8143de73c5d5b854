// The Train page in a real Chromium: 95 % in the tab, through a reload in mid-training, without stutter or leak, and the
// result used on the Draw page.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handwriting } from './handwriting.js';
import { noteShifts, shifts, traceTasks } from './quiet.js';
import { serve, type StaticServer } from './server.js';
import { siteFolder } from './site.js';
import { answer, draw, launch, screenshots, skipReason, untilPhase, visit } from './visit.js';

const artifacts = fileURLToPath(new URL('../artifacts/', import.meta.url));

const phase = (page: Page): Promise<string> =>
  page.getByTestId('phase').evaluate((element) => (element as HTMLElement).dataset.phase ?? '');

const savedStep = async (page: Page): Promise<number> =>
  Number(/saved at step (\d+)/.exec(await page.getByTestId('phase').innerText())?.[1] ?? 0);

const facts = async (page: Page): Promise<Record<string, string>> =>
  page
    .locator('.facts')
    .first()
    .evaluate((list) =>
      Object.fromEntries(
        [...list.children].map((row) => [
          row.querySelector('dt')!.textContent!,
          row.querySelector('dd')!.textContent!,
        ]),
      ),
    );

const untilSaved = async (page: Page, step: number): Promise<number> => {
  for (;;) {
    const now = await savedStep(page);
    if (now >= step) return now;
    await page.waitForTimeout(100);
  }
};

describe.skipIf(skipReason)(`Train page ${skipReason ?? ''}`, () => {
  let browser: Browser;
  let server: StaticServer;
  beforeAll(async () => {
    mkdirSync(artifacts, { recursive: true });
    [browser, server] = await Promise.all([launch(), serve(siteFolder)]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('trains to 95 % through a pause and a reload, and the result reads digits on the Draw page', async () => {
    const { page, end } = await visit(browser, server, '#train');
    await noteShifts(page);
    await page.getByRole('button', { name: 'Start training' }).click();
    await untilPhase(page, 'training');
    const endTrace = await traceTasks(browser, page);
    await untilSaved(page, 1);
    await page.getByRole('button', { name: 'Pause' }).click();
    await untilPhase(page, 'paused');
    const before = (await facts(page)).Step;
    await page.waitForTimeout(400);
    expect((await facts(page)).Step).toBe(before);
    await page.getByRole('button', { name: 'Go on' }).click();
    await untilPhase(page, 'training');
    const tensors = (): Promise<number> =>
      page.locator('[data-tensors]').evaluate((list) => Number((list as HTMLElement).dataset.tensors));
    const tensorsBefore = await tensors();
    const saved = await untilSaved(page, (await savedStep(page)) + 1);
    expect(await tensors()).toBeLessThanOrEqual(tensorsBefore + 2);
    const tasks = await endTrace();
    expect(tasks.length).toBeGreaterThan(100);
    expect(
      tasks.filter((ms) => ms > 50),
      'main-thread tasks over 50 ms while training',
    ).toEqual([]);

    expect(await shifts(page), 'layout shift while training').toBeLessThan(0.05);
    await screenshots(page, 'train-running');

    await page.reload();
    const resume = page.getByRole('button', { name: /Resume the saved run/ });
    await resume.waitFor();
    // It says what is left, in steps, epochs and time.
    const left = await page.getByTestId('saved-run').innerText();
    const [step, total, steps, epochs] = /step (\d+) of (\d+).*: (\d+) steps are left, ([\d.]+) of 6 epochs/
      .exec(left)!
      .slice(1)
      .map(Number) as [number, number, number, number];
    expect(step).toBeGreaterThanOrEqual(saved);
    expect(steps).toBe(total - step);
    expect(epochs).toBeCloseTo((6 * steps) / total, 1);
    expect(left).toMatch(/about \d+:\d\d on this machine\.$/);
    await resume.click();
    await untilPhase(page, 'training');
    expect(Number.parseInt((await facts(page)).Step!)).toBeGreaterThanOrEqual(saved);
    await untilPhase(page, 'done');
    expect(await phase(page)).toBe('done');

    const rows = await page.getByTestId('result').locator('tbody tr').allInnerTexts();
    const [graph, packed] = rows[0]!.match(/[\d.]+/g)!.map(Number) as [number, number];
    expect(graph).toBeGreaterThanOrEqual(95);
    expect(packed).toBeGreaterThanOrEqual(95);
    expect(Math.abs(graph - packed)).toBeLessThanOrEqual(0.4);
    // One accuracy: that of the run is that of the result, on the same images.
    expect(Number.parseFloat((await facts(page))['Test accuracy']!)).toBe(graph);
    expect(await page.getByTestId('result').innerText()).toMatch(/the same 1000 test images/);
    await screenshots(page, 'train-done');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download .bitgrad' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('digits-cnn.bitgrad');

    await page.getByRole('button', { name: 'Use in Draw' }).click();
    await page.getByTestId('model-name').filter({ hasText: 'digits-cnn.bitgrad' }).waitFor();
    const read: string[] = [];
    for (const digit of [0, 1, 2, 3]) {
      await draw(page, handwriting[digit]!);
      read.push(await answer(page));
    }
    expect(read.filter((text, digit) => text === String(digit)).length).toBeGreaterThanOrEqual(3);
    await end();
  });

  it('trains on dropped pictures, with a quantizer made of a formula, and stops when asked', async () => {
    const { page, end } = await visit(browser, server, '#train');
    // Two classes of pictures made here: a light and a dark half.
    const pictures = await page.evaluate(() =>
      Promise.all(
        Array.from({ length: 30 }, async (_, i) => {
          const canvas = document.createElement('canvas');
          canvas.width = canvas.height = 16;
          const context = canvas.getContext('2d')!;
          context.fillStyle = i % 2 ? '#fff' : '#222';
          context.fillRect(0, 0, 8, 16);
          context.fillStyle = i % 2 ? '#222' : '#fff';
          context.fillRect(8, 0, 8, 16);
          return canvas.toDataURL('image/png').split(',')[1]!;
        }),
      ),
    );
    await page.locator('select[name=data]').selectOption('files');
    await page.evaluate((list) => {
      const transfer = new DataTransfer();
      list.forEach((text, i) => {
        const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        // A dropped folder gives files named by their paths.
        const name = `pictures/${i % 2 ? 'left' : 'right'}/${i}.png`;
        const file = new File([bytes], name, { type: 'image/png' });
        transfer.items.add(file);
      });
      const input = document.querySelector<HTMLInputElement>('input[type=file]')!;
      input.files = transfer.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }, pictures);
    await page.getByText(/30 files/).waitFor();
    await page.locator('select[name=kernel]').selectOption('=formula');
    await page.getByLabel('Backward B(x)').fill('exp(-x^2)');
    await page.getByLabel('Forward', { exact: false }).selectOption('integral');
    await page.locator('input[name=epochs]').fill('400');
    await page.getByText('More settings').click();
    await page.locator('input[name=batchSize]').fill('8');
    await page.getByRole('button', { name: 'Start training' }).click();
    await untilPhase(page, 'training');
    await page.waitForFunction(() =>
      /After epoch/.test(document.querySelector('[aria-label^="After epoch"]')?.ariaLabel ?? ''),
    );
    await page.getByRole('button', { name: 'Stop' }).click();
    await untilPhase(page, 'done');
    const { Step } = await facts(page);
    expect(Number.parseInt(Step!)).toBeLessThan(Number(/of (\d+)/.exec(Step!)![1]));
    expect(await page.getByTestId('result').innerText()).toMatch(/6 test images/);
    await end();
  });

  it('says in words what is wrong with the settings', async () => {
    const { page, end } = await visit(browser, server, '#train');
    await page.locator('select[name=data]').selectOption('files');
    await page.getByRole('button', { name: 'Start training' }).click();
    await page.getByRole('alert').filter({ hasText: 'MNIST' }).waitFor();
    await page.locator('select[name=kernel]').selectOption('=formula');
    await page.getByLabel('Backward B(x)').fill('x +');
    await page.getByLabel('Backward B(x)').blur();
    await page.getByRole('alert').filter({ hasText: 'formula' }).waitFor();
    await end();
  });
});
