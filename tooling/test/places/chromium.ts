// Pages, workers and extensions of Chromium under the policies that sites and stores set.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page, Worker } from 'playwright-core';
import { file, pixels, type Outcome } from './project.js';

/** What a page or worker is asked; the answer is that of answer.mjs. */
const task = { cases: [{ engine: 'js' }, { engine: 'wasm' }, { engine: 'wasm', threads: 2 }] };

/** A script for every place: a page and an extension call `answerHere`, workers answer messages. */
export const source = `
import { answer } from './answer.mjs';
const read = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
globalThis.answerHere = async (task) =>
  answer({ ...task, file: await read('digits.bitgrad'), pixels: await read('seven.data') });
if (typeof document === 'undefined')
  onmessage = ({ data, source }) =>
    globalThis.answerHere(data).then((outcomes) => (source ?? self).postMessage(outcomes));`;

const isolated = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
const policy = (text: string) => ({ 'Content-Security-Policy': text });

/** What a server says with its pages, by their paths. */
const sites: Readonly<Record<string, Record<string, string>>> = {
  '/plain': {},
  '/isolated': isolated,
  '/documented': {
    ...isolated,
    ...policy("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:"),
  },
  '/strict': { ...isolated, ...policy("default-src 'self'; script-src 'self'") },
};

/** Serves the sites; `text` is the bundle of {@link source}. */
export async function serve(text: string): Promise<{ at: (path: string) => string; close: () => void }> {
  const files: Record<string, string | Uint8Array> = {
    '/answer.js': text,
    '/digits.bitgrad': file,
    '/seven.data': pixels,
  };
  const server = createServer(({ url = '/' }, response) => {
    const body = files[url] ?? '<!doctype html><title>a site</title><script src="/answer.js"></script>';
    const script = url.endsWith('.js');
    response.writeHead(200, {
      'Content-Type': script ? 'text/javascript' : files[url] ? 'application/octet-stream' : 'text/html',
      ...(script && isolated),
      ...sites[url],
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    at: (path) => `http://127.0.0.1:${port}${path}`,
    close: () => void (server.closeAllConnections(), server.close()),
  };
}

const inPage = `(task) => globalThis.answerHere(task)`;
const inWorker = `(task) => new Promise((resolve) => {
  const worker = new Worker('/answer.js');
  worker.onmessage = ({ data }) => resolve(data);
  worker.postMessage(task);
})`;
const inServiceWorker = `async (task) => {
  await navigator.serviceWorker.register('/answer.js');
  const { active } = await navigator.serviceWorker.ready;
  return new Promise((resolve) => {
    navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
    navigator.serviceWorker.startMessages();
    active.postMessage(task);
  });
}`;
const ways = { page: inPage, worker: inWorker, 'service worker': inServiceWorker };

const evaluate = (where: Page | Worker, way: string): Promise<Outcome[]> =>
  where.evaluate(`(${way})(${JSON.stringify(task)})`);

/** Runs the task at an address, in the page or a classic worker of it. */
export async function atSite(browser: Browser, url: string, way: keyof typeof ways): Promise<Outcome[]> {
  const page = await browser.newPage();
  try {
    await page.goto(url);
    return await evaluate(page, ways[way]);
  } finally {
    await page.close();
  }
}

/** Writes an extension (manifest version 3) whose pages and service worker run {@link source}, under a policy. */
export function writeExtension(parent: string, text: string, scriptPolicy: string): string {
  const folder = join(parent, `extension-${scriptPolicy.length}`);
  mkdirSync(folder);
  const manifest = {
    manifest_version: 3,
    name: 'classifier',
    version: '1.0',
    background: { service_worker: 'answer.js' },
    content_security_policy: { extension_pages: `script-src ${scriptPolicy}; object-src 'self'` },
  };
  for (const [name, contents] of Object.entries({
    'manifest.json': JSON.stringify(manifest),
    'answer.js': text,
    'page.html': '<!doctype html><title>classifier</title><script src="answer.js"></script>',
    'digits.bitgrad': file,
    'seven.data': pixels,
  }))
    writeFileSync(join(folder, name), contents);
  return folder;
}

/** Runs the task in the service worker and in a page of the extension that a browser was started with. */
export async function inExtension(context: BrowserContext): Promise<{ worker: Outcome[]; page: Outcome[] }> {
  const worker =
    context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker', { timeout: 60_000 }));
  const page = await context.newPage();
  await page.goto(new URL('page.html', worker.url()).href);
  return { worker: await evaluate(worker, inPage), page: await evaluate(page, inPage) };
}
