// The Listen page in a real Chromium, with a microphone that plays a file: what is heard, in pages and in Node, without a
// network, and what the page may weigh.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { jsEngine, loadModel, soundInput } from '@bitgrad/runtime';
import { readWav } from '@bitgrad/datasets';
import { amount } from '@bitgrad/tooling/endurance';
import digits from '@bitgrad/zoo/spoken-digits';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve, type StaticServer } from './server.js';
import { builtFile, gzipSizes, siteFolder } from './site.js';
import { joined, madeWord, rate, speakers, spoken, spokenMissing, wavOf } from './sounds.js';
import { launch, looksRight, microphone, skipReason, visit } from './visit.js';

/** Recordings that a page and Node give the same logits. */
const many = amount({ test: 60, full: 300 });
const listen = (page: Page): Promise<void> =>
  page.getByRole('button', { name: 'Listen to the microphone' }).click();
const heard = async (page: Page): Promise<string> =>
  (await page.getByTestId('heard').innerText()).trim().replaceAll(/\s+/g, ' ');
const state = (page: Page, wanted: string): Promise<void> =>
  page.locator(`[data-testid=listening][data-state=${wanted}]`).waitFor();
const answers = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => /\d %/.test(document.querySelector('.words')?.textContent ?? ''));
const files = (list: readonly (readonly [name: string, buffer: Buffer])[]) =>
  list.map(([name, buffer]) => ({ name, mimeType: 'audio/wav', buffer }));

/** Recordings of the test set, by all speakers. */
const sayings =
  '3_george_0 1_jackson_1 4_lucas_2 1_nicolas_3 5_theo_4 9_george_1 2_jackson_2 6_theo_0 7_lucas_1 8_nicolas_0 0_theo_2'.split(
    ' ',
  );
const said = sayings.map((name) => Number(name[0]));

/** Least number of words to leave out, put in or change: Levenshtein's distance. */
function mistakes(text: string, wanted: readonly number[]): number {
  const words = text.split(' ');
  let row = wanted.map((_, i) => i + 1);
  words.forEach((word, i) => {
    const next: number[] = [];
    wanted.forEach((want, k) => {
      const [diagonal, left] = [k === 0 ? i : row[k - 1]!, k === 0 ? i + 1 : next[k - 1]!];
      next.push(Math.min(diagonal + Number(word !== String(want)), row[k]! + 1, left + 1));
    });
    row = next;
  });
  return row.at(-1)!;
}

describe.skipIf(skipReason)(`Listen page ${skipReason ?? ''}`, () => {
  let server: StaticServer;
  let beeping: Browser;
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-listen-'));
  beforeAll(async () => {
    [beeping, server] = await Promise.all([launch({ args: microphone() }), serve(siteFolder)]);
  });
  afterAll(async () => {
    await beeping?.close();
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  it.skipIf(spokenMissing)(`hears the digits that a microphone plays ${spokenMissing}`, async () => {
    const path = join(folder, 'digits.wav');
    const all = joined(sayings.map((name) => spoken(name).samples));
    writeFileSync(path, wavOf(all));
    const browser = await launch({ args: microphone(path) });
    const { page, end } = await visit(browser, server, '#listen');
    await listen(page);
    // Beyond the end: silence is no word.
    await page.waitForTimeout((1000 * all.length) / rate + 3000);
    expect(mistakes(await heard(page), said), await heard(page)).toBeLessThanOrEqual(1);
    await page.getByRole('button', { name: 'Stop listening' }).click();
    await state(page, 'off');
    await end();
    await browser.close();
  });

  it(`gives ${many} recordings the logits that Node gives, bit for bit`, { timeout: 600_000 }, async () => {
    const recordings = Array.from({ length: many }, (_, i): readonly [string, Buffer] => {
      if (spokenMissing)
        return [`${i}.wav`, wavOf(madeWord((['rising', 'falling', 'two'] as const)[i % 3]!, i))];
      const name = `${i % 10}_${speakers[i % 5]}_${Math.floor(i / 10)}`;
      return [`${name}.wav`, spoken(name).buffer];
    });
    const model = await loadModel(digits.bytes(), {
      engine: jsEngine(),
    });
    const { page, end } = await visit(beeping, server, '#listen');
    await page.getByText('Not listening.').waitFor();
    await page.locator('.drop input:not([webkitdirectory])').setInputFiles(files(recordings));
    await expect.poll(() => page.locator('.results tbody tr').count(), { timeout: 500_000 }).toBe(many);
    const rows = await page
      .locator('.results tbody tr')
      .evaluateAll((list) => list.map((row) => (row as HTMLElement).dataset.logits!.split(' ').map(Number)));
    for (const [i, [name, buffer]] of recordings.entries()) {
      const { samples, sampleRate } = readWav(buffer);
      expect(rows[i], name).toEqual(Array.from(await model.predict(soundInput(samples, sampleRate, model))));
    }
    expect(new Set(rows.map(String)).size).toBeGreaterThan(many - many / 30);
    await end();
  });

  it.skipIf(spokenMissing)(`hears the words of recordings ${spokenMissing}`, async () => {
    const { page, end } = await visit(beeping, server, '#listen');
    await page.getByText('Not listening.').waitFor();
    const all = joined(sayings.map((name) => spoken(name).samples));
    await page.locator('.drop input:not([webkitdirectory])').setInputFiles(
      files([
        ['all.wav', wavOf(all)],
        ['7.wav', spoken('7_theo_3').buffer],
      ]),
    );
    const cells = page.locator('.results tbody tr');
    await expect.poll(() => cells.count()).toBe(2);
    const words = await cells.nth(0).locator('td').nth(1).innerText();
    expect(mistakes(words.replace(/ [\d.]+ s$/, ''), said), words).toBeLessThanOrEqual(1);
    expect(await cells.nth(1).innerText()).toMatch(/^7\.wav\s+7 \d+ %\s+7 /);
    await end();
  });

  it('says what is wrong with a file, and with a model that does not listen', async () => {
    const { page, end } = await visit(beeping, server, '#listen');
    await page.getByText('Not listening.').waitFor();
    const open = page.locator('.drop input:not([webkitdirectory])');
    const good = wavOf(madeWord('two', 1));
    await open.setInputFiles(files([['no.wav', Buffer.from('no sound')], ['cut.wav', good.subarray(0, 99)], ['good.wav', good]])); // prettier-ignore
    const cells = page.locator('.results tbody tr');
    await expect.poll(() => cells.count()).toBe(3);
    expect(await cells.nth(0).innerText()).toMatch(/no\.wav.*no WAV file/s);
    expect(await cells.nth(1).innerText()).toMatch(/cut\.wav.*end too soon/s);
    expect(await cells.nth(2).innerText()).toMatch(/%/);
    await open.setInputFiles(files([['digits.bitgrad', builtFile('digits.bitgrad')]]));
    await page.getByRole('alert').filter({ hasText: 'not trained on sound' }).waitFor();
    await open.setInputFiles(files([['mine.bitgrad', Buffer.from(digits.bytes())]]));
    await page.getByTestId('listen-model').filter({ hasText: 'mine.bitgrad' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.getByRole('button', { name: 'Back to the spoken digits' }).click();
    await page.getByTestId('listen-model').filter({ hasText: 'spoken-digits.bitgrad' }).waitFor();
    await end();
  });

  it('asks for the microphone on a click only, and says what to do when it is refused', async () => {
    const browser = await launch();
    const { page, end } = await visit(browser, server, '#listen');
    await page.evaluate(() => {
      const { mediaDevices } = navigator;
      const real = mediaDevices.getUserMedia.bind(mediaDevices);
      Object.assign(globalThis, { asked: 0 });
      mediaDevices.getUserMedia = (wish) => {
        (globalThis as unknown as { asked: number }).asked++;
        return real(wish);
      };
    });
    await page.getByText('Not listening.').waitFor();
    const asked = () => page.evaluate(() => (globalThis as unknown as { asked: number }).asked);
    expect(await asked()).toBe(0);
    await listen(page);
    await page.getByRole('alert').filter({ hasText: 'microphone' }).waitFor();
    expect(await asked()).toBe(1);
    await state(page, 'off');
    await end();
    await browser.close();
  });

  it('listens offline', async () => {
    const { page, end } = await visit(beeping, server);
    await page.evaluate(async () => {
      const { active } = await navigator.serviceWorker.ready;
      while (active!.state !== 'activated') await new Promise((resolve) => setTimeout(resolve, 20));
    });
    await page.context().setOffline(true);
    await page.goto(`${server.url}#listen`);
    await page.reload();
    await listen(page);
    await answers(page);
    await end();
  });

  it('weighs at most 120 kB when it listens, the network included', async () => {
    const context = await beeping.newContext();
    const page = await context.newPage();
    // Requests of the audio thread are none that a page can be asked for.
    const worklet = readdirSync(`${siteFolder}/assets`).filter((name) => name.startsWith('capture'));
    expect(worklet).toHaveLength(1);
    const names: string[] = ['index.html', ...worklet];
    // Those of the service worker, for offline use, are none of the page's own.
    page.on('request', (request) => {
      if (!request.serviceWorker()) names.push(new URL(request.url()).pathname.split('/').at(-1)!);
    });
    await page.goto(`${server.url}#listen`);
    await listen(page);
    await answers(page);
    const sizes = gzipSizes(names.filter((name) => name !== ''));
    await context.close();
    writeFileSync(`${siteFolder}/../listen.json`, JSON.stringify(sizes, null, 2));
    const loaded = Object.keys(sizes).join(' ');
    expect(loaded).toMatch(/listen-tab.*engine/s);
    expect(loaded).not.toMatch(/tfjs|teach|recordings|export/);
    expect(Object.values(sizes).reduce((a, b) => a + b, 0)).toBeLessThan(120_000);
  });

  it('is accessible while it listens, in light and dark', async () => {
    const { page, end } = await visit(beeping, server, '#listen', { reducedMotion: 'reduce' });
    await listen(page);
    await answers(page);
    await page.waitForTimeout(3000);
    await looksRight(page, 'listening');
    await end();
  });
});
