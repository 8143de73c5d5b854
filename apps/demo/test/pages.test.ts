// Quantizers and Inspect in a real Chromium, the looks of every page, and what the build may weigh.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handwriting } from './handwriting.js';
import { serve, type StaticServer } from './server.js';
import { builtFile, gzipSizes, siteFolder } from './site.js';
import { answer, draw, launch, looksRight, ready, screenshots, skipReason, visit } from './visit.js';

const pages = ['draw', 'train', 'quantizers', 'inspect', 'listen', 'zoo'] as const;

describe.skipIf(skipReason)(`Quantizers, Inspect and looks ${skipReason ?? ''}`, () => {
  let browser: Browser;
  let server: StaticServer;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), serve(siteFolder)]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('shows what is in a file, and the error of a bad one', async () => {
    const { page, end } = await visit(browser, server, '#inspect');
    await page.getByTestId('layers').waitFor();
    expect(await page.getByTestId('layers').innerText()).toMatch(/conv3[\s\S]*1 × 1 bit/);
    const file = Buffer.from(readFileSync(`${siteFolder}/digits.bitgrad`));
    const open = (name: string, buffer: Buffer): Promise<void> =>
      page.locator('input[type=file]').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
    const corrupt = Buffer.from(file);
    corrupt[file.length - 500]! ^= 0x55;
    await open('corrupt.bitgrad', corrupt);
    await page.getByTestId('file-error').filter({ hasText: 'checksum-mismatch' }).waitFor();
    await open('short.bitgrad', file.subarray(0, 1000));
    await page.getByTestId('file-error').filter({ hasText: 'truncated-file' }).waitFor();
    await open(
      'text.bitgrad',
      Buffer.from('this is no model at all, but it is long enough to have a header'),
    );
    await page.getByTestId('file-error').filter({ hasText: 'invalid-file' }).waitFor();
    await open('good.bitgrad', file);
    await page.getByTestId('layers').waitFor();
    await page.getByRole('button', { name: 'Use in Draw' }).click();
    await page.getByTestId('model-name').filter({ hasText: 'good.bitgrad' }).waitFor();
    await draw(page, handwriting[7]!);
    expect(await answer(page)).toBe('7');
    await end();
  });

  it('gives every registered quantizer a verdict, and a formula of one’s own too', async () => {
    const { page, end } = await visit(browser, server, '#quantizers');
    const select = page.locator('select[name=quantizer]');
    await select.waitFor();
    const names = await select
      .locator('option')
      .evaluateAll((list) =>
        list.map((option) => (option as HTMLOptionElement).value).filter((name) => name !== '=formula'),
      );
    expect(names.length).toBeGreaterThan(20);
    const verdicts: Record<string, string | null> = {};
    for (const name of names) {
      await select.selectOption(name);
      expect(await page.getByTestId('verdict-error').count(), name).toBe(0);
      verdicts[name] = await page.getByTestId('certificate').getAttribute('data-holds');
    }
    expect(verdicts).toMatchObject({
      ste: 'true',
      bnn: 'true',
      fda: 'false',
      'fda++': 'true',
      'approx-sign': 'false',
    });

    // The verdict's figures are those of the point that the sliders choose.
    await select.selectOption('fda');
    const certificate = page.getByTestId('certificate');
    const slider = (name: string) =>
      page.locator('label.slider', { has: page.getByText(name, { exact: true }) }).locator('input');
    for (const name of ['Time: share of training done', 'n', 'omega']) {
      const before = await certificate.innerText();
      await slider(name).fill('30');
      await expect.poll(() => certificate.innerText(), { message: name }).not.toBe(before);
    }
    await select.selectOption('pc');
    for (const name of ['rho', 'varrho', 'mu']) expect(await slider(name).count(), name).toBe(1);

    await select.selectOption('=formula');
    const formula = page.getByLabel('Backward B(x)');
    await formula.fill('max(0, 1 - abs(x)');
    await page.getByTestId('verdict-error').filter({ hasText: 'invalid-option' }).waitFor();
    await formula.fill('constructor.constructor(x)');
    await page.getByTestId('verdict-error').filter({ hasText: 'function' }).waitFor();
    await formula.fill('max(0, 1 - abs(x))');
    await page.locator('[data-testid=certificate][data-holds=false]').waitFor();
    expect(await page.getByTestId('certificate').innerText()).toMatch(/Condition 3: On \[/);
    await page.getByLabel('F is its integral (++)').check();
    await page.locator('[data-testid=certificate][data-holds=true]').waitFor();
    await page.getByRole('button', { name: 'Train with it' }).click();
    expect(await page.locator('select[name=kernel]').inputValue()).toBe('=formula');
    await end();
  });

  it('shows the models of the zoo: a drawing, then a picture', async () => {
    const { page, end } = await visit(browser, server, '#zoo');
    const best = page.getByTestId('zoo-best');
    await page.getByText('Test accuracy').waitFor();
    for (const digit of [1, 7]) {
      await page.getByRole('button', { name: `Draw a ${digit}` }).click();
      await expect.poll(() => best.innerText()).toBe(String(digit));
    }
    expect(await page.getByRole('list', { name: 'Most probable classes' }).locator('li').count()).toBe(3);
    // The same drawing as a picture, dark on light.
    const png = await page.evaluate(async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 28, height: 28 });
      const context = canvas.getContext('2d')!;
      context.fillStyle = 'white';
      context.fillRect(0, 0, 28, 28);
      context.fillStyle = 'black';
      context.fillRect(13, 4, 2, 20);
      return canvas.toDataURL().split(',')[1]!;
    });
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'one.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') });
    await page.getByText('in the picture').waitFor();
    expect(await best.innerText()).toBe('1');
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await page.getByRole('alert').filter({ hasText: 'no picture that this browser reads' }).waitFor();
    // A model of pictures in colour: nothing is drawn for it.
    await page.locator('[aria-labelledby=zoo-answer] select').selectOption('cifar10-vgg-small');
    await page.getByRole('heading', { name: 'Your picture' }).waitFor();
    expect(await page.getByRole('button', { name: 'Draw a 1' }).count()).toBe(0);
    const known = await page.getByText('It knows:').innerText();
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles({ name: 'one.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') });
    await page.getByText('in the picture').waitFor();
    expect(known).toContain(await best.innerText());
    await screenshots(page, 'zoo-picture');
    await end();
  });

  it('is accessible and fits, in light and dark', async () => {
    const { page, end } = await visit(browser, server, '', { reducedMotion: 'reduce' });
    await ready(page);
    await draw(page, handwriting[5]!);
    await answer(page);
    for (const name of pages) {
      await page.getByRole('tab', { name, exact: false }).click();
      await page.getByRole('heading', { level: 2 }).first().waitFor();
      await page.waitForTimeout(name === 'quantizers' || name === 'train' ? 500 : 150);
      await looksRight(page, name);
      // What is folded away, and the other faces of a page, are looked at too.
      if (name === 'quantizers') await page.locator('select[name=quantizer]').selectOption('fda');
      await page.evaluate(() => document.querySelectorAll('details').forEach((one) => (one.open = true)));
      await page.waitForTimeout(300);
      await looksRight(page, `${name}-open`);
    }
    await end();
  });

  it('does not jump while it loads', async () => {
    const { page, end } = await visit(browser, server);
    await ready(page);
    await page.waitForTimeout(800);
    const shift = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          new PerformanceObserver((list) =>
            resolve(
              list
                .getEntries()
                .reduce((sum, entry) => sum + (entry as unknown as { value: number }).value, 0),
            ),
          ).observe({ type: 'layout-shift', buffered: true });
          setTimeout(() => resolve(0), 300);
        }),
    );
    expect(shift).toBeLessThan(0.02);
    await end();
  });

  it('loads at most 150 kB for the first view, and no tfjs until it is asked for', async () => {
    const { page, end } = await visit(browser, server);
    await ready(page);
    await draw(page, handwriting[1]!);
    await answer(page);
    await page.waitForTimeout(500);
    const loaded = await page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname.split('/').at(-1)!),
    );
    const sizes = gzipSizes(['index.html', ...loaded]);
    writeFileSync(`${siteFolder}/../first-view.json`, JSON.stringify(sizes, null, 2));
    expect(Object.keys(sizes)).toEqual(expect.arrayContaining(['digits.bitgrad']));
    expect(Object.values(sizes).reduce((a, b) => a + b, 0)).toBeLessThan(150_000);
    // Quantizers need their formulas only: tfjs stays in the workers.
    for (const name of ['Inspect', 'Quantizers']) {
      await page.getByRole('tab', { name }).click();
      await page.getByRole('heading', { level: 2 }).first().waitFor();
    }
    const all = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    for (const url of all.filter((name) => name.endsWith('.js'))) {
      expect(url).not.toMatch(/tfjs/);
      expect(builtFile(url.split('/').at(-1)!).toString()).not.toMatch(
        /Tensor is disposed|registerKernel|backendName/,
      );
    }
    await page.getByRole('tab', { name: 'Train' }).click();
    await page.waitForFunction(() =>
      performance.getEntriesByType('resource').some(({ name }) => name.includes('tfjs')),
    );
    await end();
  });
});
