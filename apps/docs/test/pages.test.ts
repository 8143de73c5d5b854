// The site in a real Chromium: front page, search, a guide, an API page; on a phone and on a desk.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { ofColours, violations } from '@bitgrad/tooling/accessible';
import { launchChromium } from '@bitgrad/tooling/chromium';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { siteFolder } from './built.js';
import { skipReason as reason, visit as visitPage } from './visit.js';
import { serveFolder, type StaticServer } from '@bitgrad/tooling/static-server';

const shots = fileURLToPath(new URL('../artifacts/screenshots/', import.meta.url));

describe.skipIf(reason)(`the site ${reason}`, () => {
  let browser: Browser;
  let server: StaticServer;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launchChromium({ gpu: false }), serveFolder(siteFolder)]);
    mkdirSync(shots, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** Opens a page, does something with it, and fails where anything went wrong on it. */
  const visit = (path: string, act: (page: Page) => Promise<void>, dark = false): Promise<void> =>
    visitPage(browser, server.url, path, act, {
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });

  /** Takes pictures of a page on a phone and on a desk; nothing sticks out, and axe-core is content. `part` is what is to be seen. */
  async function looks(page: Page, name: string, part?: string, rules?: readonly string[]): Promise<void> {
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(100);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, `${name} at ${width}`).toBeLessThanOrEqual(0);
      if (part) await page.locator(part).scrollIntoViewIfNeeded();
      await page.screenshot({ path: `${shots}${name}-${width}.png` });
      expect(await violations(page, rules), `${name} at ${width}`).toEqual([]);
    }
  }

  it.each([
    ['front', '', false],
    ['front-dark', '', true],
    ['start', 'start.html', false],
    ['larq', 'from/larq.html', false],
    ['results-dark', 'results.html', true],
    ['api', 'api/@bitgrad/runtime.html', false],
  ] as const)('%s fits a phone and a desk, and is accessible', (name, path, dark) =>
    visit(path, (page) => looks(page, name, undefined, dark ? ofColours : undefined), dark),
  );

  it('finds words, and goes there', () =>
    visit('', async (page) => {
      await page.getByRole('button', { name: 'Search' }).first().click();
      await page.locator('.VPLocalSearchBox input').fill('popcount');
      await page.locator('.VPLocalSearchBox .result').first().waitFor();
      await page.screenshot({ path: `${shots}search.png` });
      await page.locator('.VPLocalSearchBox .result').first().click();
      await page.waitForURL((url) => url.pathname !== '/');
      await expect.poll(() => page.locator('main').innerText()).toMatch(/popcount/i);
    }));

  it('shows the certificate of a quantizer, computed in the page', () =>
    visit('guide/quantizers.html', async (page) => {
      const verdict = page.locator('.lab [role=status]');
      await verdict.waitFor();
      expect(await verdict.getAttribute('data-holds')).toBe('false');
      await page.locator('.lab select').selectOption('bnn++');
      await expect.poll(() => verdict.getAttribute('data-holds')).toBe('true');
      await looks(page, 'quantizers', '.lab');
    }));

  it('allows no script but its own', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}start.html`);
    const ran = await page.evaluate(async () => {
      const script = Object.assign(document.createElement('script'), {
        textContent: 'globalThis.foreign = 1',
      });
      document.head.append(script);
      return 'foreign' in globalThis;
    });
    expect(ran).toBe(false);
    await page.close();
  });

  it('has the demo beside it, which works offline from then on', () =>
    visit('', async (page) => {
      await page.getByRole('link', { name: 'Demo' }).first().click();
      const drawn = page.getByText('Draw a digit.', { exact: true });
      await drawn.waitFor();
      await page.evaluate(async () => {
        const { active } = await navigator.serviceWorker.ready;
        while (active!.state !== 'activated') await new Promise((resolve) => setTimeout(resolve, 20));
      });
      await page.context().setOffline(true);
      await page.reload();
      await drawn.waitFor();
    }));

  it('shows pages that were opened without a connection', () =>
    visit('start.html', async (page) => {
      const worker = () =>
        page.evaluate(async () => {
          const { active } = await navigator.serviceWorker.ready;
          while (active!.state !== 'activated') await new Promise((resolve) => setTimeout(resolve, 20));
          return navigator.serviceWorker.controller !== null;
        });
      await worker();
      await page.reload();
      expect(await worker()).toBe(true);
      // To another page as a script, which keeps the page as well.
      const kept = page.waitForResponse((response) => /results\.md\.[^/]*\.lean\.js$/.test(response.url()));
      await page.evaluate(() =>
        document.querySelector<HTMLAnchorElement>('a[href$="/results.html"]')!.click(),
      );
      await page.waitForURL(/results\.html/);
      await kept;
      await page.waitForTimeout(300);
      // What is fetched ahead, or further down a page, fails from now on, and the console says so.
      page.removeAllListeners('console');
      await page.context().setOffline(true);
      for (const [address, title] of [
        ['results.html', /Results/i],
        ['start.html', /.+/],
        ['', /^Binary/],
        ['index.html', /^Binary/],
      ] as const) {
        // prettier-ignore
        await page.goto(new URL(address, page.url().replace(/[^/]*$/, '')).href);
        await page.locator('h1, .VPHero').first().waitFor();
        expect(await page.title()).toMatch(title);
      }
    }));
});
