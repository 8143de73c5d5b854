// Training in Chromium, in minified pages with and without cross-origin isolation and content security policies: the loss
// curve of Node, on the threads there are; and what is said where something is missing.
// Skipped with a message where there is no Chromium, unless BITGRAD_REQUIRE names it.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { chromiumMissing, launchChromium } from '@bitgrad/tooling/chromium';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { curve, type Curve } from './curve.js';

const missing = chromiumMissing();
const required = process.env['BITGRAD_REQUIRE']?.split(',').includes('chromium');
if (missing && !required) process.stdout.write(`skipped: ${missing}\n`);

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
/** What the README asks for. */
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:";
const STEPS = 12;

describe.skipIf(missing && !required)('training in Chromium', () => {
  let server: Server;
  let browser: Browser;
  let script: string;
  let expected: Curve;

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('./curve.ts', import.meta.url))],
      ...{ bundle: true, format: 'esm', platform: 'browser', target: 'es2022', write: false },
      minify: true,
      conditions: ['@bitgrad/source'],
      logLevel: 'error',
    });
    script = outputFiles[0]!.text;
    const binaries = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
    server = createServer(({ url = '/' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://x');
      const headers = {
        'Cross-Origin-Resource-Policy': 'same-origin',
        ...(searchParams.has('isolated') && isolation),
        ...(searchParams.has('policy') && { 'Content-Security-Policy': searchParams.get('policy')! }),
      };
      // A server that takes the request and says nothing.
      if (pathname.startsWith('/silent/')) return;
      if (pathname.startsWith('/missing/')) return void response.writeHead(404, headers).end();
      if (pathname.startsWith('/wasm/')) {
        response.writeHead(200, { ...headers, 'Content-Type': 'application/wasm' });
        response.end(readFileSync(join(binaries, pathname.slice('/wasm/'.length))));
      } else {
        const isScript = pathname === '/curve.js';
        response.writeHead(200, { ...headers, 'Content-Type': isScript ? 'text/javascript' : 'text/html' });
        response.end(isScript ? script : '<!doctype html>');
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await launchChromium({ gpu: false });
    expected = await curve({ threads: 1 }, STEPS);
  });
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
  });

  const inPage = async (query: string, options: object): Promise<Curve> => {
    const page = await browser.newPage();
    try {
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/?${query}`);
      const call = `import('/curve.js').then(({ curve }) => curve(${JSON.stringify(options)}, ${STEPS}))`;
      return (await page.evaluate(call)) as Curve;
    } finally {
      await page.close();
    }
  };
  const expectCurve = ({ losses }: Curve): void => {
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    losses.forEach((loss, i) =>
      expect(Math.abs(loss - expected.losses[i]!)).toBeLessThan(1e-4 * Math.max(1, loss)),
    );
  };
  const threaded = ({ report }: Curve): boolean =>
    Object.keys(report).some((name) => name.endsWith('/threads'));

  it('without isolation: one thread, said so', async () => {
    const page = await inPage('', { wasmPaths: '/wasm/' });
    expectCurve(page);
    expect(threaded(page)).toBe(false);
    expect(page.sharedHeap).toBe(false);
    expect(page.features['threadObstacle']).toMatch(/cross-origin isolated/);
  });

  it('without isolation, threads asked for: refused', async () => {
    await expect(inPage('', { wasmPaths: '/wasm/', threads: 2 })).rejects.toThrow(
      /not cross-origin isolated/,
    );
  });

  it('with isolation: threads work on the shared heap of tfjs', async () => {
    for (const threads of [1, 2, 3]) {
      const page = await inPage('isolated', { wasmPaths: '/wasm/', threads });
      expectCurve(page);
      expect(threaded(page)).toBe(threads > 1);
      expect(page.sharedHeap).toBe(true);
      expect(page.features).toMatchObject({ threads, threadObstacle: '' });
    }
  });

  it('isolated and under the documented policy: the same', async () => {
    const page = await inPage(`isolated&policy=${encodeURIComponent(policy)}`, {
      wasmPaths: { 'tfjs-backend-wasm-simd.wasm': '/wasm/tfjs-backend-wasm-simd.wasm' },
      threads: 2,
    });
    expectCurve(page);
    expect(threaded(page)).toBe(true);
    expect(page.sharedHeap).toBe(true);
  });

  it('a policy without blob: leaves one thread, with the reason; threads asked for are refused', async () => {
    const query = `isolated&policy=${encodeURIComponent(policy.replace(' blob:', ''))}`;
    const page = await inPage(query, { wasmPaths: '/wasm/' });
    expectCurve(page);
    expect(threaded(page)).toBe(false);
    expect(page.features).toMatchObject({ threads: 1 });
    // A machine of one core needs no worker, and has no obstacle.
    if (availableParallelism() > 1) expect(page.features['threadObstacle']).toContain('worker-src blob:');
    await expect(inPage(query, { wasmPaths: '/wasm/', threads: 2 })).rejects.toThrow('worker-src blob:');
  });

  it('a policy that forbids WebAssembly is named', async () => {
    const query = `policy=${encodeURIComponent("default-src 'self'")}`;
    await expect(inPage(query, { wasmPaths: '/wasm/' })).rejects.toThrow("'wasm-unsafe-eval'");
  });

  it('a file that is missing, something else or never comes is named by its URL', async () => {
    const start = (wasmPaths: string, startMs = 30_000): Promise<Curve> =>
      inPage('isolated', { wasmPaths, startMs });
    await expect(start('/page/')).rejects.toThrow(
      /loaded from \/page\/tfjs-backend-wasm-simd.wasm \(it is no WebAssembly but begins with "<!doctype/,
    );
    await expect(start('/missing/')).rejects.toThrow(/\/missing\/.*the server answered 404/);
    await expect(start('/silent/', 500)).rejects.toThrow(/\/silent\/.*no answer within 0.5 s/);
  });
});
