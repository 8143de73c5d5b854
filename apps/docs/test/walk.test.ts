// From the front page to a trained, packed and running network of one's own, in five minutes and with nothing guessed: the
// steps are those of the page "In five minutes", read from it, and each name in bold has to be a control that is there.
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { loadModel } from '@bitgrad/classify';
import { createDigits } from '@bitgrad/datasets';
import { launchChromium } from '@bitgrad/tooling/chromium';
import { full } from '@bitgrad/tooling/endurance';
import { serveFolder, type StaticServer } from '@bitgrad/tooling/static-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { siteFolder } from './built.js';
import { skipReason, visit } from './visit.js';

const fiveMinutes = 300_000;
const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
};
const desk: BrowserContextOptions = { viewport: { width: 1280, height: 900 } };
/** Each way on one of them; on both where everything is run. What pages look like on either is looked at by other tests. */
const sizes = (first: string): readonly (readonly [string, BrowserContextOptions])[] =>
  ([['a phone', phone], ['a desk', desk]] as const).filter(([size]) => full || size === first); // prettier-ignore

/** A step: what is bold, or a link. */
interface Step {
  readonly link: boolean;
  readonly name: string;
}

/** What the lists of the page's first section tell to press, in order; one list for each way. */
const waysOf = (page: Page): Promise<Step[][]> =>
  page.evaluate(() => {
    const ways: Step[][] = [];
    const section = document.querySelector('h2#in-this-page-with-nothing-installed')!;
    for (let at = section.nextElementSibling; at && at.tagName !== 'H2'; at = at.nextElementSibling)
      if (at.tagName === 'OL')
        ways.push(
          [...at.querySelectorAll('a, strong')].map((part) => ({
            link: part.tagName === 'A',
            name: part.textContent!,
          })),
        );
    return ways;
  });

/** The one control of this name; it may have to become ready first, as the result of a training does. */
async function control(page: Page, name: string): Promise<Locator> {
  const named = { hasText: new RegExp(`^${name}$`) };
  const option = page.locator('option', named);
  const pressed = page.locator('button:visible, label.button:visible', named);
  await pressed.or(option).first().waitFor({ state: 'attached' });
  expect(await pressed.or(option).count(), `controls named ${name}`).toBe(1);
  return (await option.count()) > 0 ? option : pressed;
}

/** Presses it as the page says; a button that asks for files gets `files`. @returns what was downloaded, if anything was */
async function press(page: Page, name: string, files: string): Promise<Buffer | undefined> {
  const found = await control(page, name);
  const [tag, asks] = await found.evaluate((element) => [
    element.tagName,
    element.querySelector('input[type=file]') !== null,
  ]);
  if (tag === 'OPTION') {
    await found.locator('xpath=..').selectOption({ label: name });
  } else if (asks) {
    const chosen = page.waitForEvent('filechooser');
    await found.click();
    await (await chosen).setFiles(files);
  } else if (name.startsWith('Download')) {
    const file = page.waitForEvent('download');
    await found.click();
    return readFileSync(await (await file).path());
  } else await found.click({ timeout: fiveMinutes });
  return undefined;
}

/** From the front page to the written steps, and to the demo. */
async function toTheSteps(page: Page, way: number): Promise<Step[]> {
  await page.getByRole('link', { name: 'Start in five minutes' }).click();
  await page.locator('h2#in-this-page-with-nothing-installed').waitFor();
  const [link, ...steps] = (await waysOf(page))[way]!;
  expect(link).toEqual({ link: true, name: 'demo' });
  await page.locator('main').getByRole('link', { name: 'demo', exact: true }).nth(way).click();
  return steps;
}

/** Squares of a colour on grey, in places and sizes that vary, as PNG files. */
const pictures = (page: Page, colour: string, count: number): Promise<string[]> =>
  page.evaluate(
    ([fill, many]) =>
      Array.from({ length: many as number }, (_, i) => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 48, height: 40 });
        const context = canvas.getContext('2d')!;
        context.fillStyle = `hsl(0 0% ${30 + ((i * 37) % 40)}%)`;
        context.fillRect(0, 0, 48, 40);
        context.fillStyle = fill as string;
        context.fillRect(4 + ((i * 7) % 12), 3 + ((i * 5) % 8), 18 + (i % 9), 18 + ((i * 3) % 9));
        return canvas.toDataURL('image/png').split(',')[1]!;
      }),
    [colour, count] as const,
  );

describe.skipIf(skipReason)(`the walk of five minutes ${skipReason}`, () => {
  let browser: Browser;
  let server: StaticServer;
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-walk-'));
  const write = (name: string, base64: string): void => {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), Buffer.from(base64, 'base64'));
  };
  beforeAll(async () => {
    [browser, server] = await Promise.all([launchChromium({ gpu: false }), serveFolder(siteFolder)]);
    const page = await browser.newPage();
    for (const [name, colour] of [
      ['leaves', 'hsl(120 60% 40%)'],
      ['petals', 'hsl(330 70% 60%)'],
    ] as const)
      // prettier-ignore
      for (const [i, png] of (await pictures(page, colour, 24)).entries())
        write(i < 20 ? `garden/${name}/${i}.png` : `new/${name}-${i}.png`, png);
    await page.close();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  type Steps = Awaited<ReturnType<typeof toTheSteps>>;
  /** Goes from the front page to the steps of a way, and follows them; `checkTime` ends the five minutes. */
  const walk = (
    way: number,
    options: BrowserContextOptions,
    follow: (page: Page, steps: Steps, checkTime: () => void) => Promise<void>,
  ): Promise<void> =>
    visit(
      browser,
      server.url,
      '',
      async (page) => {
        const started = Date.now();
        await follow(page, await toTheSteps(page, way), () =>
          expect(Date.now() - started, 'milliseconds from the front page').toBeLessThan(fiveMinutes),
        );
      },
      options,
    );

  it.each(sizes('a phone'))(
    'a network of digits, on %s',
    { timeout: fiveMinutes + 60_000 },
    async (_size, options) => {
      let packed: Buffer | undefined;
      await walk(0, options, async (page, steps, checkTime) => {
        for (const { name } of steps) {
          packed = (await press(page, name, '')) ?? packed;
          if (name !== 'Use in Draw') continue;
          await page.getByText('Draw a digit.', { exact: true }).waitFor();
          const read: string[] = [];
          for (let digit = 0; digit < 10; digit++) {
            await page.getByRole('button', { name: `Draw a ${digit}` }).click();
            await page.locator('[data-testid=verdict][data-settled=true]').waitFor();
            read.push(await page.getByTestId('best').innerText());
          }
          expect(read.filter((text, digit) => text === String(digit)).length, String(read)).toBeGreaterThan(
            7,
          );
        }
        checkTime();
      });
      // The file runs here as well, on digits that it was not trained on.
      const model = await loadModel(packed!);
      const { test } = createDigits({ seed: 4711, train: 10, test: 300 });
      const logits = await model.predict(test.images);
      const right = Array.from(test.labels).filter((label, i) => {
        const row = Array.from(logits.subarray(10 * i, 10 * i + 10));
        return row.indexOf(Math.max(...row)) === label;
      });
      expect(right.length / test.size).toBeGreaterThan(0.9);
      model.dispose();
    },
  );

  it.each(sizes('a desk'))(
    'a network of one’s own pictures, on %s',
    { timeout: fiveMinutes + 60_000 },
    async (_size, options) => {
      await walk(1, options, async (page, steps, checkTime) => {
        expect(steps.map(({ name }) => name)).toContain('Choose a folder');
        for (const { name } of steps) {
          const unseen = name === 'Choose a file';
          await press(page, name, unseen ? join(folder, 'new/leaves-20.png') : join(folder, 'garden'));
          if (unseen) await expect.poll(() => page.getByTestId('best').innerText()).toBe('leaves');
        }
        checkTime();
        for (const name of ['petals-22', 'leaves-23', 'petals-23']) {
          await press(page, 'Choose a file', join(folder, `new/${name}.png`));
          await expect
            .poll(() => page.getByTestId('best').innerText(), { message: name })
            .toBe(name.slice(0, 6));
        }
      });
    },
  );
});
