// What a first-time visitor needs, on a phone and on a desk: the answer in sight, two sentences on what a page is for, no
// talk of keys where there are none, and the camera or a photo for a network that takes no drawings.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { violations } from '@bitgrad/tooling/accessible';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { halfPng, halfVideo, writePictures } from './files.js';
import { handwriting } from './handwriting.js';
import { serve, type StaticServer } from './server.js';
import { siteFolder } from './site.js';
import { madeWord, wavOf } from './sounds.js';
import { answer, camera, draw, launch, ready, screenshots, skipReason, untilPhase, visit } from './visit.js';

const pages = ['Draw', 'Train', 'Quantizers', 'Inspect', 'Listen', 'Zoo'] as const;
const models = fileURLToPath(new URL('../../../packages/', import.meta.url));

/** A phone with a finger. */
const phone = (width: number, height: number): BrowserContextOptions => ({
  viewport: { width, height },
  isMobile: true,
  hasTouch: true,
});

const sentences = (text: string): number =>
  [...new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text.trim())].length;

/** Opens a file in Inspect, and goes to Draw with it. */
async function useInDraw(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page.getByRole('tab', { name: 'Inspect' }).click();
  await expect.poll(() => page.locator('.drop input').count()).toBe(1);
  await page.locator('.drop input').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  await page.getByRole('heading', { name }).waitFor();
  await page.getByRole('button', { name: 'Use in Draw' }).click();
}

describe.skipIf(skipReason)(`a first visit ${skipReason ?? ''}`, () => {
  let browser: Browser;
  let server: StaticServer;
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-visit-'));
  beforeAll(async () => {
    writePictures(join(folder, 'pictures'));
    writeFileSync(join(folder, 'right.y4m'), halfVideo('right'));
    for (const word of ['rising', 'falling'] as const) {
      mkdirSync(join(folder, 'words', word), { recursive: true });
      for (const seed of [1, 2, 3])
        writeFileSync(join(folder, 'words', word, `${seed}.wav`), wavOf(madeWord(word, seed)));
    }
    writeFileSync(join(folder, 'words', 'notes.txt'), 'no sound');
    [browser, server] = await Promise.all([launch(), serve(siteFolder)]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    [360, 640],
    [390, 844],
  ])('has the answer and the drawing in sight, in Draw and in Zoo, at %i x %i', async (width, height) => {
    const { page, end } = await visit(browser, server, '', phone(width, height));
    await ready(page);
    const inSight = async (selector: string): Promise<void> => {
      const box = (await page.locator(selector).boundingBox())!;
      expect(box.y, selector).toBeGreaterThanOrEqual(0);
      expect(box.y + box.height, selector).toBeLessThanOrEqual(height);
      expect(box.x + box.width, selector).toBeLessThanOrEqual(width);
    };
    const before = await page.locator('.drawing-area').boundingBox();
    await draw(page, handwriting[3]!);
    expect(await answer(page)).toBe('3');
    for (const selector of ['[data-testid=best]', '.drawing-area']) await inSight(selector);
    // Nothing moves under the finger when the answer comes.
    expect(await page.locator('.drawing-area').boundingBox()).toEqual(before);
    await page.getByRole('tab', { name: 'Zoo' }).click();
    await page.getByTestId('zoo-best').waitFor();
    for (const selector of ['[data-testid=zoo-best]', '.drawing-area']) await inSight(selector);
    expect(await page.evaluate(() => scrollY)).toBe(0);
    await end();
  });

  it.each([
    ['a phone', phone(390, 844)],
    ['a desk', {}],
  ])(
    'says in two sentences what each page is for, and speaks of keys and dropping only where they are: %s',
    async (name, options) => {
      const { page, end } = await visit(browser, server, '', options);
      await ready(page);
      const intros = new Set<string>();
      let text = '';
      for (const tab of pages) {
        await page.getByRole('tab', { name: tab }).click();
        await page.getByRole('heading', { level: 2 }).first().waitFor();
        // Until a page has come, the one before is there.
        await expect.poll(async () => intros.has(await page.locator('.intro').innerText())).toBe(false);
        const intro = await page.locator('.intro').innerText();
        expect(sentences(intro), intro).toBe(2);
        intros.add(intro);
        if (tab === 'Train') await page.locator('select[name=data]').selectOption('files');
        text += await page.locator('main').innerText();
      }
      expect(intros.size).toBe(pages.length);
      const keys = /keyboard|arrow keys|space lowers|\bdrop\b/i;
      if (name === 'a desk') expect(text).toMatch(keys);
      else {
        expect(text).not.toMatch(keys);
        expect(text).toMatch(/Take a photo/);
      }
      await end();
    },
  );

  it('takes a folder by a button, trains on it, and shows the network photos and the camera', async () => {
    const withCamera = await launch({ args: camera(join(folder, 'right.y4m')), whole: true });
    const { page, end } = await visit(withCamera, server, '#train');
    await page.locator('select[name=data]').selectOption('files');
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByText('Choose a folder').click(),
    ]);
    await chooser.setFiles(join(folder, 'pictures'));
    await page.getByText(/40 files: pictures\/(left|right)\//).waitFor();
    await page.locator('input[name=epochs]').fill('30');
    await page.getByText('More settings').click();
    await page.locator('input[name=width]').fill('0.25');
    await page.locator('input[name=batchSize]').fill('20');
    await page.getByRole('button', { name: 'Start training' }).click();
    await untilPhase(page, 'done');
    await page.getByRole('button', { name: 'Use in Draw' }).click();

    // It takes pictures of 32 x 32 in colour: there is no drawing area.
    await page.getByText('Give it a picture.').waitFor();
    expect(await page.locator('.drawing-area').count()).toBe(0);
    const choose = (name: string, buffer: Buffer): Promise<void> =>
      page.locator('.drop input').first().setInputFiles({ name, mimeType: 'image/png', buffer });
    for (const half of ['left', 'right', 'left'] as const) {
      await choose(`${half}.png`, halfPng(half, 90));
      await expect.poll(() => page.getByTestId('best').innerText()).toBe(half);
    }
    expect(await page.locator('.preview').innerText()).toMatch(/32 × 32/);
    await choose('no.png', Buffer.from('no picture'));
    await page.getByRole('alert').filter({ hasText: 'no picture that this browser reads' }).waitFor();

    // The camera: refused in words; then it shows the other half, live; then it is held, and let go.
    await page.getByRole('button', { name: 'Use the camera' }).click();
    await page.getByRole('alert').filter({ hasText: 'The camera was not allowed.' }).waitFor();
    expect(await page.getByTestId('best').innerText()).toBe('left');
    await page.context().grantPermissions(['camera']);
    await page.getByRole('button', { name: 'Use the camera' }).click();
    await page.locator('[data-testid=camera][data-state=on]').waitFor();
    await expect.poll(() => page.getByTestId('best').innerText()).toBe('right');
    expect(await violations(page)).toEqual([]);
    await screenshots(page, 'draw-camera');
    await page.getByRole('button', { name: 'Hold this picture' }).click();
    await page.locator('[data-testid=camera][data-state=off]').waitFor();
    expect(await page.locator('video').evaluate((video) => (video as HTMLVideoElement).srcObject)).toBe(null);
    expect(await page.getByTestId('best').innerText()).toBe('right');
    await screenshots(page, 'draw-picture');

    await page.getByRole('button', { name: 'Back to the shipped one' }).click();
    await ready(page);
    expect(await page.locator('.drawing-area').count()).toBe(1);
    await end();
    await withCamera.close();
  });

  it('learns pictures class by class on a phone: chosen ones, and those of the camera', async () => {
    const withCamera = await launch({ args: camera(join(folder, 'right.y4m')), whole: true });
    const { page, end } = await visit(withCamera, server, '#train', {
      ...phone(390, 844),
      permissions: ['camera'],
    });
    const epochs = page.locator('input[name=epochs]');
    const data = page.locator('select[name=data]');
    const start = page.getByRole('button', { name: 'Start training' });
    await data.selectOption('classes');
    await start.click();
    await page.getByRole('alert').filter({ hasText: 'Give every class a name' }).waitFor();
    const card = (i: number) => page.locator('.lesson').nth(i);
    const count = async (i: number): Promise<number> =>
      Number(await card(i).getByTestId('pictures').getAttribute('data-count'));
    expect(await card(0).locator('label', { hasText: 'Take a photo' }).count()).toBe(1);
    await card(0).getByRole('textbox').fill('left');
    await card(1).getByRole('textbox').fill('right');
    await card(0)
      .locator('label', { hasText: 'Choose pictures' })
      .locator('input')
      .setInputFiles(
        Array.from({ length: 16 }, (_, i) => ({
          name: `${i}.png`,
          mimeType: 'image/png',
          buffer: halfPng('left', 40 + i),
        })),
      );
    await expect.poll(() => count(0)).toBe(16);
    await start.click();
    await page
      .getByRole('alert')
      .filter({ hasText: '“right” needs 5 pictures at least; it has 0.' })
      .waitFor();
    await card(1).getByRole('button', { name: 'Camera' }).click();
    await expect.poll(() => count(1)).toBeGreaterThan(14);
    await card(1)
      .getByRole('button', { name: /^Stop, \d+ taken/ })
      .click();
    await card(0).getByRole('button', { name: 'Remove picture 2 of left' }).click();
    expect(await count(0)).toBe(15);
    expect(await violations(page)).toEqual([]);
    expect(await card(0).locator('label', { hasText: 'Take a photo' }).count()).toBe(1);
    await screenshots(page, 'train-classes');
    await page.setViewportSize({ width: 390, height: 844 });

    // A few pictures get more epochs than the digits, which keep theirs.
    expect(Number(await epochs.inputValue())).toBeGreaterThan(50);
    await data.selectOption('digits');
    expect(await epochs.inputValue()).toBe('6');
    await data.selectOption('classes');
    await start.click();
    await untilPhase(page, 'done');
    await page.getByRole('button', { name: 'Use in Draw' }).click();
    for (const half of ['right', 'left'] as const) {
      await page.locator('.drop input').first().setInputFiles({ name: 'new.png', mimeType: 'image/png', buffer: halfPng(half, 90) }); // prettier-ignore
      await expect.poll(() => page.getByTestId('best').innerText()).toBe(half);
    }
    await end();
    await withCamera.close();
  });

  it('sends a network of sound to Listen, and says what one of numbers takes', async () => {
    const { page, end } = await visit(browser, server);
    await ready(page);
    const spoken = readFileSync(`${models}zoo/models/spoken-digits/model.bitgrad`);
    await useInDraw(page, 'words.bitgrad', spoken);
    await page.getByRole('button', { name: 'Use it in Listen' }).click();
    await page.getByTestId('listen-model').filter({ hasText: 'words.bitgrad' }).waitFor();
    const table = readFileSync(`${models}runtime/test/golden/1.0/5.bitgrad`);
    await useInDraw(page, 'table.bitgrad', table);
    await page.getByText(/takes 31 numbers, such as the row of a table/).waitFor();
    expect(await page.locator('.drawing-area').count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    await end();
  });

  it('takes folders of recordings: to listen to, and as words to learn', async () => {
    const { page, end } = await visit(browser, server, '#listen');
    await page.getByRole('button', { name: 'Listen to the microphone', disabled: false }).waitFor();
    await page.locator('.drop input[webkitdirectory]').setInputFiles(join(folder, 'words'));
    await expect.poll(() => page.locator('.results tbody tr').count()).toBe(6);
    await page.getByRole('button', { name: 'Teach it words of your own' }).click();
    await page.locator('label', { hasText: 'Words from a folder' }).locator('input').setInputFiles(join(folder, 'words')); // prettier-ignore
    await page.getByText('2 words of 6 files: ', { exact: false }).waitFor();
    const named = await page
      .locator('.lesson input[type=text]')
      .evaluateAll((list) => list.map((input) => (input as HTMLInputElement).value));
    expect(named.toSorted()).toEqual(['falling', 'rising']);
    for (const i of [0, 1])
      expect(await page.locator('.lesson').nth(i).getByTestId('takes').getAttribute('data-count')).toBe('3');
    await end();
  });
});
