// The engine in Chromium: in pages with and without cross-origin isolation, in workers, and under a content
// security policy. Skipped with a message where there is no Chromium, unless BITGRAD_REQUIRE names it.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { chromiumMissing, launchChromium } from '@bitgrad/tooling/chromium';
import { bundle } from './support/bundle.js';
import type { Outcome } from './support/browser-main.js';

const missing = chromiumMissing();
const required = process.env['BITGRAD_REQUIRE']?.split(',').includes('chromium');
if (missing && !required) process.stdout.write(`skipped: ${missing}\n`);

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
const policy = "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; connect-src 'self'";

describe.skipIf(missing && !required)('Chromium', () => {
  let server: Server;
  let browser: Browser;
  const files = new Map<string, string>();

  beforeAll(async () => {
    const page = await bundle(`export { main } from './test/engine/support/browser-main.js';`);
    for (const { name, text } of page) files.set(`/${name}`, text);
    files.set(
      '/worker.js',
      `import { main } from '/stdin.js'; main().then(postMessage, (e) => postMessage(String(e)));`,
    );
    server = createServer(({ url = '/' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://x');
      const text = files.get(pathname);
      response.writeHead(text || pathname === '/' ? 200 : 404, {
        'Content-Type': text ? 'text/javascript' : 'text/html',
        'Cross-Origin-Resource-Policy': 'same-origin',
        ...((searchParams.has('isolated') || text) && isolation),
        ...(searchParams.has('policy') && {
          'Content-Security-Policy':
            (searchParams.has('without') ? policy.replace(" 'wasm-unsafe-eval'", '') : policy) +
            searchParams.get('policy')!,
        }),
      });
      response.end(text ?? '<!doctype html>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await launchChromium({ gpu: false });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  const inPage = async (query: string, code: string): Promise<Outcome[] | string> => {
    const page = await browser.newPage();
    try {
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/?${query}`);
      return (await page.evaluate(code)) as Outcome[];
    } finally {
      await page.close();
    }
  };
  const direct = `import('/stdin.js').then(({ main }) => main()).catch(String)`;
  const inWorker = `new Promise((resolve) => { new Worker('/worker.js', { type: 'module' }).onmessage = (e) => resolve(e.data); })`;

  const outcomes = (threads: number, threadsReason?: string): Outcome[] =>
    (['scalar', 'simd', 'relaxed-simd'] as const).flatMap((variant) => [
      { variant, threads: 1, equal: true },
      variant === 'scalar'
        ? { variant, threads: 1, threadsReason: 'the scalar build has no threads', equal: true }
        : { variant, threads, ...(threadsReason && { threadsReason }), equal: true },
    ]);

  it('a page and a worker with isolation use two threads', async () => {
    expect(await inPage('isolated', direct)).toEqual(outcomes(2));
    expect(await inPage('isolated', inWorker)).toEqual(outcomes(2));
  });

  it('without isolation there is one thread, with the reason', async () => {
    const reason = 'shared memory needs a cross-origin isolated page';
    expect(await inPage('', direct)).toEqual(outcomes(1, reason));
    expect(await inPage('', inWorker)).toEqual(outcomes(1, reason));
  });

  it('a content security policy must allow blob: workers, or the report says why there is one thread', async () => {
    expect(await inPage(`isolated&policy=${encodeURIComponent('; worker-src blob:')}`, direct)).toEqual(
      outcomes(2),
    );
    const one = (await inPage("isolated&policy=%3B worker-src 'none'", direct)) as Outcome[];
    for (const { variant, threads, threadsReason, equal } of one) {
      expect([threads, equal]).toEqual([1, true]);
      if (threadsReason && variant !== 'scalar') expect(threadsReason).toContain('worker-src blob:');
    }
    expect(one.filter(({ threadsReason }) => threadsReason)).toHaveLength(3);
  });

  it('a policy that forbids WebAssembly is named in the error', async () => {
    expect(await inPage('policy&without=wasm', direct)).toMatch(/backend-wasm\].*Content Security Policy/i);
  });
});
