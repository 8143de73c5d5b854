// The Draw page in a real Chromium: drawing by pointer, touch and keyboard, engines, offline use, and without isolation.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handwriting } from './handwriting.js';
import { serve, type StaticServer } from './server.js';
import { siteFolder } from './site.js';
import { answer, draw, launch, ready, required, skipReason, visit } from './visit.js';

describe.skipIf(skipReason)(`Draw page ${skipReason ?? ''}`, () => {
  let browser: Browser;
  let server: StaticServer;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), serve(siteFolder)]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('reads at least 9 of 10 digits drawn with the mouse, wherever and however large', async () => {
    const { page, end } = await visit(browser, server);
    await ready(page);
    const places = [
      { left: 0.1, top: 0.1, size: 0.8 },
      { left: 0.5, top: 0.45, size: 0.45 },
      { left: 0.02, top: 0.3, size: 0.6 },
    ];
    const read: string[] = [];
    for (const [digit, strokes] of handwriting.entries()) {
      await draw(page, strokes, places[digit % places.length]);
      read.push(await answer(page));
    }
    const right = read.filter((text, digit) => text === String(digit)).length;
    expect(right, `read ${read.join(' ')}`).toBeGreaterThanOrEqual(9);
    await end();
  });

  it('takes touch, a pen and the keyboard', async () => {
    const { page, end } = await visit(browser, server, '', { hasTouch: true });
    await ready(page);
    const box = (await page.locator('.drawing-area').boundingBox())!;
    const client = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x?: number, y?: number) =>
      client.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: x === undefined ? [] : [{ x: box.x + box.width * x, y: box.y + box.height * y! }],
      });
    await touch('touchStart', 0.3, 0.2);
    for (const [x, y] of [
      [0.5, 0.19],
      [0.7, 0.2],
      [0.6, 0.45],
      [0.52, 0.65],
      [0.45, 0.85],
    ] as const)
      await touch('touchMove', x, y);
    await touch('touchEnd');
    expect(await answer(page)).toBe('7');

    await page.getByRole('button', { name: 'Clear' }).click();
    const pen = (type: 'mousePressed' | 'mouseMoved' | 'mouseReleased', x: number, y: number) =>
      client.send('Input.dispatchMouseEvent', {
        type,
        x: box.x + box.width * x,
        y: box.y + box.height * y,
        button: 'left',
        buttons: type === 'mouseReleased' ? 0 : 1,
        clickCount: 1,
        pointerType: 'pen',
      });
    await pen('mousePressed', 0.5, 0.15);
    for (const y of [0.3, 0.5, 0.7, 0.85]) await pen('mouseMoved', 0.5, y);
    await pen('mouseReleased', 0.5, 0.85);
    expect(await answer(page)).toBe('1');

    await page.getByRole('button', { name: 'Clear' }).click();
    await page.locator('.drawing-area').focus();
    await page.keyboard.press('Space');
    for (let i = 0; i < 18; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    expect(await answer(page)).toBe('1');
    await page.keyboard.press('Backspace');
    await ready(page);
    await end();
  });

  it('gives identical results on every engine, and a reason for each that is missing', async () => {
    const withGpu = await launch({ gpu: true });
    const { page, end } = await visit(withGpu, server);
    await ready(page);
    await draw(page, handwriting[5]!);
    const radios = page.locator('input[name=engine]');
    await page.waitForFunction(
      () =>
        document.querySelectorAll('input[name=engine]').length > 0 &&
        document.querySelector('.engines')!.getAttribute('data-probed') === 'true',
    );
    const logits: Record<string, number[]> = {};
    for (const radio of await radios.all()) {
      const id = (await radio.getAttribute('value'))!;
      if (await radio.isDisabled()) {
        expect(
          await page.locator('label.choice', { has: page.locator(`input[value="${id}"]`) }).innerText(),
        ).toMatch(/Not here: .{10,}/);
        continue;
      }
      await radio.check();
      await page.locator(`[data-engine="${id}"]`).waitFor();
      logits[id] = [];
      // Each engine reads the same drawings: its answers are collected one after the other.
      for (const digit of [5, 0, 8]) {
        await page.getByRole('button', { name: `Draw a ${digit}` }).click();
        expect(await answer(page), `${id} reads`).toBe(String(digit));
        const text = (await page.getByTestId('verdict').getAttribute('data-logits'))!;
        logits[id].push(...text.split(' ').map(Number));
      }
    }
    const wantedEngines = ['wasm', 'wasm-threads', 'js', ...['webgl', 'webgpu'].filter(required)];
    expect(Object.keys(logits)).toEqual(expect.arrayContaining(wantedEngines));
    expect(logits.js).toHaveLength(30);
    for (const [id, values] of Object.entries(logits)) {
      if (id.startsWith('wasm')) expect(values, id).toEqual(logits.js);
      // GPUs may round the last scale and bias of the logits otherwise; all before is integers.
      values.forEach((value, i) => {
        const wanted = logits.js![i]!;
        expect(Math.abs(value - wanted), id).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(wanted)));
      });
    }
    await end();
    await withGpu.close();
  });

  it('runs the float twin beside it', async () => {
    const { page, end } = await visit(browser, server);
    await ready(page);
    await draw(page, handwriting[3]!);
    await page.getByRole('button', { name: 'Compare with float32' }).click();
    const digit = page.getByTestId('twin-digit');
    await page.waitForFunction(() =>
      /\d/.test(document.querySelector('[data-testid=twin-digit]')?.textContent ?? ''),
    );
    expect(await digit.innerText()).toBe('3');
    await end();
  });

  it('works offline after the first load', async () => {
    const { page, problems, end } = await visit(browser, server);
    await ready(page);
    // Active means that every file is kept.
    await page.evaluate(async () => {
      const { active } = await navigator.serviceWorker.ready;
      while (active!.state !== 'activated') await new Promise((resolve) => setTimeout(resolve, 20));
    });
    await page.context().setOffline(true);
    await page.reload();
    await ready(page);
    await draw(page, handwriting[0]!);
    expect(await answer(page)).toBe('0');
    for (const name of ['Train', 'Quantizers', 'Inspect']) {
      await page.getByRole('tab', { name }).click();
      await page.getByRole('heading', { level: 2 }).first().waitFor();
    }
    expect(problems).toEqual([]);
    await end();
  });

  it('says why threads are missing without isolation, and runs on one', async () => {
    const plain = await serve(siteFolder, { isolated: false });
    try {
      const { page, end } = await visit(browser, plain);
      await ready(page);
      await draw(page, handwriting[2]!);
      expect(await answer(page)).toBe('2');
      const threads = page.locator('input[value=wasm-threads]');
      await page.locator('.engines[data-probed=true]').waitFor();
      expect(await threads.isDisabled()).toBe(true);
      expect(await page.locator('.engines').innerText()).toMatch(/headers COOP and COEP/);
      await end();
    } finally {
      await plain.close();
    }
  });
});
