// A visit to the built site: what must not happen on it (console errors, failed requests, requests to other hosts) fails it.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { chromiumMissing } from '@bitgrad/tooling/chromium';
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
  const problems: string[] = [];
  page.on('console', (message) => {
    // Chromium's own remark when WebGPU is asked for an adapter that is not there.
    if (message.text() === 'No available adapters.') return;
    if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
  });
  context.on('request', (request) => {
    const asked = new URL(request.url());
    if (!['blob:', 'data:'].includes(asked.protocol) && !asked.href.startsWith(url))
      problems.push(`other host: ${asked.href}`);
  });
  await page.goto(url + path);
  // Links are followed by the page's own script once it runs.
  await page.locator('.VPNav').waitFor();
  await act(page);
  await context.close();
  expect(problems).toEqual([]);
}
