// A visit to the built site: what must not happen on it (console errors, failed requests, requests to other hosts) fails it.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { chromiumMissing, watchPage } from '@bitgrad/tooling/chromium';
import { expect } from 'vitest';

const required = (process.env['BITGRAD_REQUIRE'] ?? '').split(',').includes('chromium');

/** Why tests in a browser are skipped; empty when they run (or must fail). */
export const skipReason = chromiumMissing() && !required ? `skipped: ${chromiumMissing()}` : '';

/** Opens a page of the site at `url`, does something with it, and fails where anything went wrong on it. */
export async function visit(
  browser: Browser,
  url: string,
  path: string,
  act: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const problems = watchPage(page, url);
  await page.goto(url + path);
  // Links are followed by the page's own script once it runs.
  await page.locator('.VPNav').waitFor();
  await act(page);
  await context.close();
  expect(problems).toEqual([]);
}
