// The site in a real Chromium: front page, search, a guide, an API page; on a phone and on a desk.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { chromiumMissing, launchChromium } from '@bitgrad/tooling/chromium';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { full, siteFolder } from './built.js';
import { serveFolder, type StaticServer } from '@bitgrad/tooling/static-server';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = fileURLToPath(new URL('../artifacts/screenshots/', import.meta.url));
const required = (process.env['BITGRAD_REQUIRE'] ?? '').split(',').includes('chromium');
const reason = chromiumMissing() && !required ? `skipped: ${chromiumMissing()}` : '';

/** What axe-core finds wrong on the page as it is. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { run } = (
      globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      }
    ).axe;
    const found = await run();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('; ')}`);
  });
}

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
  async function visit(path: string, act: (page: Page) => Promise<void>, dark = false): Promise<void> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
    page.on('response', (response) => {
      if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
    });
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (!['blob:', 'data:'].includes(url.protocol) && !url.href.startsWith(server.url))
        problems.push(`other host: ${url.href}`);
    });
    await page.goto(server.url + path);
    // Links are followed by the page's own script once it runs.
    await page.locator('.VPNav').waitFor();
    await act(page);
    await context.close();
    expect(problems).toEqual([]);
  }

  /** Takes pictures of a page on a phone and on a desk; nothing sticks out, and axe-core is content. `part` is what is to be seen. */
  async function looks(page: Page, name: string, part?: string): Promise<void> {
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(100);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, `${name} at ${width}`).toBeLessThanOrEqual(0);
      if (part) await page.locator(part).scrollIntoViewIfNeeded();
      await page.screenshot({ path: `${shots}${name}-${width}.png` });
      expect(await violations(page), `${name} at ${width}`).toEqual([]);
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
    visit(path, (page) => looks(page, name), dark),
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

  it.skipIf(!full)(
    full ? 'has the demo beside it' : 'has the demo beside it (skipped: BITGRAD_FULL=1 builds it)',
    () =>
      visit('', async (page) => {
        await page.getByRole('link', { name: 'Demo' }).first().click();
        await page.getByText('Draw a digit.', { exact: true }).waitFor();
      }),
  );
});
