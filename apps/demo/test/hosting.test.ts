// How the page is served: `vite preview` and the development server send the headers of isolation, and the content
// security policy holds, in the page and as a header for workers.
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { createServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policy, policyHeader } from '../build/csp.js';
import { handwriting } from './handwriting.js';
import { serve } from './server.js';
import { siteFolder } from './site.js';
import { answer, draw, launch, ready, skipReason, untilPhase, visit } from './visit.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Whether another site can show the page in a frame. */
async function framed(browser: Browser, url: string): Promise<boolean> {
  const page = await browser.newPage();
  await page.setContent(`<iframe src="${url}"></iframe>`);
  await expect.poll(() => page.frames().length).toBe(2);
  await page.waitForTimeout(1000);
  const shown = await page.frames()[1]!.locator('.drawing-area').count();
  await page.close();
  return shown > 0;
}

describe.skipIf(skipReason)(`hosting ${skipReason ?? ''}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it('is isolated and runs under the policy in preview, with threads in training', async () => {
    const server = await preview({
      root,
      logLevel: 'error',
      build: { outDir: siteFolder },
      preview: { host: '127.0.0.1', port: 4183 },
    });
    const url = server.resolvedUrls!.local[0]!;
    const { headers } = await fetch(url);
    expect(headers.get('content-security-policy')).toBe(policyHeader);
    expect(policyHeader).toContain("frame-ancestors 'none'");
    expect(await framed(browser, url)).toBe(false);
    const { page, end } = await visit(browser, { url, close: () => server.close() });
    await ready(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await draw(page, handwriting[6]!);
    expect(await answer(page)).toBe('6');
    await page.getByRole('tab', { name: 'Train' }).click();
    await page.getByText('More settings').click();
    await page.locator('[data-testid=backends][data-probed=true]').waitFor();
    await page.locator('input[value=wasm-threads]').check();
    await page.locator('input[name=images]').fill('200');
    await page.locator('input[name=testImages]').fill('100');
    await page.locator('input[name=epochs]').fill('1');
    await page.getByRole('button', { name: 'Start training' }).click();
    await untilPhase(page, 'done');
    await end();
    await server.close();
  });

  it('sends the headers of isolation in development', async () => {
    const server = await createServer({
      root,
      logLevel: 'error',
      server: { host: '127.0.0.1', port: 4184, ws: false },
      optimizeDeps: { noDiscovery: true, include: [] },
    });
    await server.listen();
    const { headers } = await fetch(server.resolvedUrls!.local[0]!);
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    await server.close();
  });

  it('evaluates no strings: the policy allows WebAssembly and nothing beyond', async () => {
    expect(policy).toMatch(/script-src 'self' 'wasm-unsafe-eval';/);
    expect(policy).not.toMatch(/'unsafe-/);
    const server = await serve(siteFolder);
    const { page } = await visit(browser, server);
    await ready(page);
    // A meta element cannot say who may frame the page; it must not pretend to.
    expect(await page.locator('meta[http-equiv=Content-Security-Policy]').getAttribute('content')).toBe(
      policy,
    );
    expect(policy).not.toContain('frame-ancestors');
    // In a task of its own: what the debugger evaluates directly is exempt from the policy.
    const outcome = await page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          setTimeout(() => {
            try {
              resolve(String(new Function('return 1')()));
            } catch (error) {
              resolve((error as Error).name);
            }
          });
        }),
    );
    expect(outcome).toBe('EvalError');
    await page.context().close();
    await server.close();
  });
});
