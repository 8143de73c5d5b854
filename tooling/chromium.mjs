// Headless Chromium for tests: finds the system's browser, bundles a module from source and calls its exports in a page.
// WebGL2 and WebGPU run on the software renderer that comes with it; a page is served at http://localhost, a secure origin.
import { build } from 'esbuild';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const first = (paths) => paths.find((path) => path && existsSync(path));
/** The browser as a person has it. */
const wholeBrowser = first([
  process.env.BITGRAD_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]);
/**
 * The same browser without a window: what this would show is pages too, drawn by the software renderer, and takes two thirds
 * of the processor time of a visit.
 */
const headlessShell = first([process.env.BITGRAD_CHROMIUM, '/usr/bin/chromium-headless-shell', wholeBrowser]);

const softwareGpu = [
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
];
const flags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why browser tests cannot run here; empty when they can. */
export const chromiumMissing = () =>
  wholeBrowser ? '' : 'no Chromium found: apt-get install chromium, or set BITGRAD_CHROMIUM';

/** What a page does in seconds takes longer than Playwright's 30 s where four other tests run; a test has its own limit. */
function patient(context) {
  context.setDefaultTimeout(150_000);
  return context;
}

/**
 * Starts the browser.
 * @param {{ gpu?: boolean, args?: string[], whole?: boolean }} options `gpu`, default true: WebGL2 and WebGPU on the software
 *   renderer, which draws right but slows down the rest of a page; `args`: more flags; `whole`, default false: also what the
 *   headless shell of Debian lacks, such as cameras and measuring a page's memory
 * @returns {Promise<import('playwright-core').Browser>} to be closed by the caller
 */
export async function launchChromium({ gpu = true, args = [], whole = false } = {}) {
  const browser = await chromium.launch({
    executablePath: (whole ? wholeBrowser : headlessShell) ?? 'chromium',
    headless: true,
    args: [...flags, ...(gpu ? softwareGpu : []), ...args],
  });
  // Pages of their own get one as well.
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => patient(await newContext(options));
  return browser;
}

/**
 * Starts the browser with an unpacked extension.
 * @param {string} folder that of its manifest
 * @returns {Promise<import('playwright-core').BrowserContext>} to be closed by the caller
 */
export const launchWithExtension = async (folder) =>
  patient(
    await chromium.launchPersistentContext('', {
      executablePath: wholeBrowser ?? 'chromium',
      // The headless shell has no extensions.
      headless: false,
      args: [
        '--headless=new',
        ...flags,
        `--load-extension=${folder}`,
        `--disable-extensions-except=${folder}`,
      ],
      ignoreDefaultArgs: ['--disable-extensions'],
    }),
  );

/**
 * Collects what must not happen on a page: errors and warnings on the console, uncaught errors, requests that fail, and requests
 * to addresses that do not begin with `base`.
 * @param {import('playwright-core').Page} page
 * @param {string} base
 * @returns {string[]} grows as they happen
 */
export function watchPage(page, base) {
  const problems = [];
  page.on('console', (message) => {
    // Chromium's own remark when WebGPU is asked for an adapter that is not there.
    if (message.text() === 'No available adapters.') return;
    if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
  });
  page.context().on('request', (request) => {
    const { protocol, href } = new URL(request.url());
    if (!['blob:', 'data:'].includes(protocol) && !href.startsWith(base))
      problems.push(`other host: ${href}`);
  });
  return problems;
}

/**
 * What a page of an example shows in its `output` once it has an answer.
 * @param {import('playwright-core').Browser} browser
 * @param {string} address of the page
 * @param {string} modules the folder of packages that answers for the CDN which the example names
 * @returns {Promise<{ text: string | null, errors: string[] }>} and the errors of the page
 */
export async function outputOf(browser, address, modules) {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  const cdn = 'https://cdn.jsdelivr.net/npm/';
  await page.route(`${cdn}**`, (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      headers: { 'Access-Control-Allow-Origin': '*' },
      body: readFileSync(join(modules, route.request().url().slice(cdn.length))),
    }),
  );
  await page.goto(address);
  const wait = "document.querySelector('output')?.textContent";
  await page.waitForFunction(wait, undefined, { timeout: 60_000 }).catch(() => undefined);
  const text = errors.length > 0 ? null : await page.textContent('output');
  await page.close();
  return { text, errors };
}

/**
 * Opens a page that has loaded a module.
 * @param {{ contents: string, resolveDir: string, files?: Record<string, { body: string | Buffer, contentType: string }> }} options
 *   `contents`: TypeScript whose exports the page offers; `files`: more paths that the page may fetch
 * @returns {Promise<{ call(name: string, ...args: unknown[]): Promise<any>, page: import('playwright-core').Page, errors: string[], close(): Promise<void> }>}
 *   `call` awaits an export, with JSON-safe arguments and Uint8Arrays; `errors` collects uncaught errors and console errors
 */
export async function openChromium({ contents, resolveDir, files = {} }) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir, loader: 'ts' },
    bundle: true,
    format: 'iife',
    globalName: 'tested',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@bitgrad/source'],
    define: { 'process.env.NODE_ENV': '"test"' },
    write: false,
    logLevel: 'error',
  });
  const served = {
    '/': {
      body: '<!doctype html><meta charset="utf-8"><title>test</title><script src="/test.js"></script>',
      contentType: 'text/html',
    },
    '/test.js': { body: outputFiles[0].text, contentType: 'text/javascript' },
    ...files,
  };
  const browser = await launchChromium();
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.route('**/*', (route) => {
    const file = served[new URL(route.request().url()).pathname];
    return file ? route.fulfill(file) : route.fulfill({ status: 204 });
  });
  await page.goto('http://localhost/');
  return {
    page,
    errors,
    call: (name, ...args) =>
      page.evaluate(
        ([f, values]) => {
          const given = values.map(({ value, text }) =>
            text === undefined ? value : Uint8Array.from(atob(text), (c) => c.charCodeAt(0)),
          );
          return globalThis.tested[f](...given);
        },
        // Playwright looks at each element of an array on its way: bytes go as text.
        [
          name,
          args.map((value) =>
            value instanceof Uint8Array ? { text: Buffer.from(value).toString('base64') } : { value },
          ),
        ],
      ),
    close: () => browser.close(),
  };
}
