// "Teach it" in a real Chromium: takes from a microphone that plays a file and from WAV files, a network that learns two words
// in the tab, and what it hears then; and how recordings are cut.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { violations } from '@bitgrad/tooling/accessible';
import { createNoise } from '@bitgrad/datasets';
import { decodeModel } from '@bitgrad/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutPieces, cutWords } from '../src/listen/teach/cut.js';
import { serve, type StaticServer } from './server.js';
import { siteFolder } from './site.js';
import { joined, madeWord, rate, wavOf } from './sounds.js';
import { launch, looksRight, microphone, screenshots, skipReason, visit } from './visit.js';

const kinds = ['rising', 'falling'] as const;
const lesson = (page: Page, i: number) => page.locator('.lesson').nth(i);
const takes = async (page: Page, i: number): Promise<number> =>
  Number(await lesson(page, i).getByTestId('takes').getAttribute('data-count'));

async function openTeach(page: Page): Promise<void> {
  await page.getByText('Not listening.').waitFor();
  await page.getByRole('button', { name: 'Teach it words of your own' }).click();
  await lesson(page, 2).waitFor();
}

const wavs = (samples: readonly Int16Array[]) =>
  samples.map((each, i) => ({ name: `${i}.wav`, mimeType: 'audio/wav', buffer: wavOf(each) }));

describe('a recording in one go', () => {
  const words = [1, 2, 3, 4].map((seed) => madeWord(kinds[seed % 2]!, seed));

  it('is cut into its words, in a quiet room and in a loud one', () => {
    for (const loud of [0, 1]) {
      const all = joined(words, 0.5);
      createNoise('pink noise', all.length, rate, 3).forEach(
        (v, i) => (all[i]! += Math.round((loud * v) / 4)),
      );
      const cut = cutWords(all, rate);
      expect(cut.map(({ length }) => length / rate)).toHaveLength(4);
      cut.forEach((take, i) => {
        expect(take.length).toBeGreaterThan(0.7 * words[i]!.length);
        expect(take.length).toBeLessThan(words[i]!.length + 0.35 * rate);
      });
    }
  });

  it('has no words where nobody speaks', () => {
    expect(cutWords(new Int16Array(rate), rate)).toEqual([]);
    expect(cutWords(createNoise('silence', 2 * rate, rate, 1), rate)).toEqual([]);
    expect(cutWords(new Int16Array(0), rate)).toEqual([]);
  });

  it('of background is cut into pieces of one length', () => {
    const samples = Int16Array.from({ length: 1000 }, (_, i) => i);
    expect(cutPieces(samples, 400).map((piece) => [piece[0], piece.length])).toEqual([
      [0, 400],
      [200, 400],
      [400, 400],
      [600, 400],
    ]);
    expect(cutPieces(samples.subarray(0, 90), 400).map(({ length }) => length)).toEqual([90]);
  });
});

describe.skipIf(skipReason)(`Teach it ${skipReason ?? ''}`, () => {
  let server: StaticServer;
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-teach-'));
  beforeAll(async () => {
    server = await serve(siteFolder);
  });
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  it('learns two words from WAV files, and hears them', async () => {
    const browser = await launch();
    const { page, end } = await visit(browser, server, '#listen');
    await openTeach(page);
    const status = page.getByTestId('teaching');
    const button = page.getByRole('button', { name: 'Teach it', exact: true });
    expect(await button.isDisabled()).toBe(true);
    for (const [i, kind] of kinds.entries()) {
      await lesson(page, i).getByRole('textbox').fill(kind);
      const files = wavs([1, 2, 3, 4, 5, 6].map((seed) => madeWord(kind, seed)));
      await lesson(page, i).locator('input[type=file]').setInputFiles(files);
      await expect.poll(() => takes(page, i)).toBe(6);
    }
    await expect.poll(() => status.innerText()).toBe('Ready.');
    await button.click();
    await page.getByRole('progressbar').waitFor();
    await page.getByText(/Training: epoch/).waitFor({ timeout: 60_000 });
    await page.getByTestId('taught').waitFor({ timeout: 150_000 });
    expect(Number(await page.getByTestId('taught').getAttribute('data-accuracy'))).toBeGreaterThan(0.9);
    await page.getByTestId('listen-model').filter({ hasText: 'my-words-kws.bitgrad' }).waitFor();
    expect(await page.getByRole('list', { name: 'Words that this network knows' }).innerText()).toMatch(
      /rising[\s\S]*falling/,
    );

    // Takes that it has not heard.
    const order = [0, 1, 1, 0, 1] as const;
    const all = joined(order.map((which, i) => madeWord(kinds[which], 100 + i)));
    await page
      .locator('.drop input:not([webkitdirectory])')
      .setInputFiles([{ name: 'new.wav', mimeType: 'audio/wav', buffer: wavOf(all) }]);
    await page.locator('.results tbody tr').waitFor();
    expect(await page.locator('.results tbody td').nth(1).innerText()).toMatch(
      new RegExp(`^${order.map((which) => kinds[which]).join(' ')} [\\d.]+ s$`),
    );

    const saved = async (name: string | RegExp): Promise<Buffer> => {
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name }).click(),
      ]);
      return readFileSync(await file.path());
    };
    const { metadata } = decodeModel(await saved('Download .bitgrad'));
    expect(metadata.classes).toEqual(['rising', 'falling', '_background_']);
    expect(metadata.sound?.sampleRate).toBe(8000);
    await page.getByRole('button', { name: 'Export C' }).click();
    expect((await saved(/^words\.c/)).toString()).toMatch(/int words_feed\(const int16_t \*/);
    expect((await saved(/^words\.h/)).toString()).toMatch(/words_listen/);
    await screenshots(page, 'taught');
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Back to the spoken digits' }).click();
    await page.getByTestId('listen-model').filter({ hasText: 'spoken-digits' }).waitFor();
    await end();
    await browser.close();
  });

  it('records takes and background, which can be played, removed and renamed', async () => {
    const path = join(folder, 'words.wav');
    writeFileSync(
      path,
      wavOf(
        joined(
          [1, 2, 3, 4, 5].map((seed) => madeWord('two', seed)),
          0.7,
        ),
      ),
    );
    const browser = await launch({ args: microphone(path) });
    const { page, end } = await visit(browser, server, '#listen');
    await openTeach(page);
    const first = lesson(page, 0);
    await first.getByRole('textbox').fill('knock');
    await first.getByRole('button', { name: /^Record/ }).click();
    await first.getByRole('button', { name: /^Stop, [5-9]\./ }).waitFor();
    await first.getByRole('button', { name: /^Stop/ }).click();
    await expect.poll(() => takes(page, 0)).toBeGreaterThanOrEqual(4);
    const count = await takes(page, 0);
    expect(count).toBeLessThanOrEqual(5);
    await first.getByRole('button', { name: 'Play take 1 of knock' }).click();
    await first.getByRole('button', { name: 'Remove take 1 of knock' }).click();
    await expect.poll(() => takes(page, 0)).toBe(count - 1);

    const background = lesson(page, 2);
    await background.getByRole('button', { name: /^Record/ }).click();
    await background.getByRole('button', { name: /^Stop, 2\./ }).waitFor();
    await page.getByRole('button', { name: 'Stop listening' }).click();
    await expect.poll(() => takes(page, 2)).toBeGreaterThanOrEqual(2);

    const status = page.getByTestId('teaching');
    expect(await status.innerText()).toMatch(/name/);
    await lesson(page, 1).getByRole('textbox').fill('knock');
    expect(await status.innerText()).toMatch(/same name/);
    await lesson(page, 1).getByRole('textbox').fill('_x');
    expect(await status.innerText()).toMatch(/“_x” is a name/);
    await lesson(page, 1).getByRole('textbox').fill('bell');
    expect(await status.innerText()).toMatch(/“bell” needs 3 takes/);
    await lesson(page, 1).locator('input[type=file]').setInputFiles([{ name: 'no.wav', mimeType: 'audio/wav', buffer: Buffer.from('no') }]); // prettier-ignore
    await page.getByRole('alert').filter({ hasText: 'no WAV file' }).waitFor();
    await looksRight(page, 'teach');
    await lesson(page, 1)
      .getByRole('button', { name: /^Remove/ })
      .click();
    await page.getByText('Ready.').waitFor();
    await page.getByRole('button', { name: 'Add a word' }).click();
    expect(await page.locator('.lesson').count()).toBe(3);
    await end();
    await browser.close();
  });
});
