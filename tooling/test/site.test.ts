// What the site's own pages tell a reader to type runs as it stands, page by page, in the order of the page: commands, then
// programs, then what belongs into a page. What pages include is run where it is from (readme.test.ts, the walks, examples.test.ts).
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumMissing, launchChromium } from '../chromium.mjs';
import { root, workspacePackages } from '../workspace.mjs';
import { blocksOf, importsOf, installedBy, runCommand, runExample } from './readmes.js';
import { writePictures, writeRecordings, writeTable } from './site-data.js';

const app = `${root}apps/docs`;
const work = `${app}/.cache/snippets`;
const pages = (readdirSync(`${app}/pages`, { recursive: true }) as string[])
  .map((path) => path.replaceAll('\\', '/'))
  // That page is a walk of its own: plugin-walk.test.ts.
  .filter((path) => path.endsWith('.md') && path !== 'extend/first-plugin.md')
  .map((path) => ({ page: path, text: readFileSync(`${app}/pages/${path}`, 'utf8') }));
const published = workspacePackages('packages').map(({ manifest }) => manifest.name as string);

/** The words of a command line, without the quotes around some. */
const words = (line: string): string[] => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, a, b]) => a ?? b!);

const commandsOf = (text: string): string[] =>
  blocksOf(text, 'sh').flatMap((block) => block.replaceAll('\\\n', ' ').trim().split('\n'));

describe.each(pages.filter(({ text }) => /^```(js|sh|html|py)/m.test(text)))('$page', ({ page, text }) => {
  const folder = join(work, page.replace(/\.md$/, ''));
  const programs = blocksOf(text, 'js');
  const commands = commandsOf(text);

  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    if (page === 'deploy/microcontrollers.md')
      cpSync(`${root}examples/assets/digits.bitgrad`, join(folder, 'digits.bitgrad'));
    if (page !== 'guide/your-data.md') return;
    writePictures(join(folder, 'pictures'));
    writeRecordings(join(folder, 'words'));
    writeTable(join(folder, 'plants.csv'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has commands of bitgrad and of npm only, and installs what there is', () => {
    for (const line of commands) expect(line).toMatch(/^(bitgrad [a-z]|npm install |npm create bitgrad )/);
    const ours = installedBy(text).filter((name) => /^(@bitgrad\/|bitgrad$)/.test(name));
    expect(ours.filter((name) => !published.includes(name))).toEqual([]);
    if (!/^npm install/m.test(text)) return;
    const missing = programs.flatMap(importsOf).filter((name) => !installedBy(text).includes(name));
    expect(missing).toEqual([]);
  });

  const runs = commands.filter((line) => line.startsWith('bitgrad '));
  if (runs.length > 0)
    it('its commands run', async () => {
      for (const line of runs) expect(await runCommand(words(line).slice(1), folder), line).not.toBe('');
    }, 240_000);

  it.each(programs.map((code, i) => ({ code, i })))(
    'its program $i runs',
    async ({ code, i }) => {
      expect((await runExample(code, folder, `program-${i}`)).trim()).not.toBe('');
    },
    120_000,
  );

  it('programs that stand beside each other have as many lines', () => {
    for (const [, python, javascript] of text.matchAll(/```py\n([\s\S]*?)```\n\n```js\n([\s\S]*?)```/g))
      expect(python!.split('\n').length).toBe(javascript!.split('\n').length);
  });

  if (blocksOf(text, 'py').length > 0)
    it('its Python is Python', async ({ skip }) => {
      const python = promisify(execFile)('python3', ['-c', 'import ast, sys; [ast.parse(text) for text in sys.argv[1:]]', ...blocksOf(text, 'py')]); // prettier-ignore
      await python.catch((error: { code?: string }) => {
        if (error.code === 'ENOENT') skip('skipped: no python3');
        throw error;
      });
    });

  const documents = blocksOf(text, 'html');
  const missing = chromiumMissing();
  it.skipIf(documents.length === 0 || missing)(
    missing && documents.length > 0 ? `its pages answer (skipped: ${missing})` : 'its pages answer',
    async () => {
      for (const html of documents) expect(await answerOf(html, folder)).toMatch(/^\d$/);
    },
    120_000,
  );
});

/** What a document shows in its `output` once its script, bundled, has run. */
async function answerOf(html: string, folder: string): Promise<string> {
  const [whole, code] = /<script type="module">([\s\S]*?)<\/script>/.exec(html)!;
  const { outputFiles } = await build({
    stdin: { contents: code!, resolveDir: app },
    bundle: true,
    format: 'esm',
    conditions: ['@bitgrad/source'],
    external: ['node:*'],
    write: false,
    logLevel: 'error',
  });
  const served: Record<string, { body: string | Buffer; contentType: string }> = {
    '/': {
      body: html.replace(whole, '<script type="module" src="/page.js"></script>'),
      contentType: 'text/html',
    },
    '/page.js': { body: outputFiles[0]!.text, contentType: 'text/javascript' },
    '/digits.bitgrad': {
      body: readFileSync(join(folder, 'digits.bitgrad')),
      contentType: 'application/octet-stream',
    },
  };
  const browser = await launchChromium({ gpu: false });
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.route('**/*', (route) => {
      const file = served[new URL(route.request().url()).pathname];
      return file ? route.fulfill(file) : route.fulfill({ status: 204 });
    });
    await page.goto('http://localhost/');
    await page
      .waitForFunction("/\\d/.test(document.querySelector('output').textContent)", undefined, {
        timeout: 60_000,
      })
      .catch(() => undefined);
    expect(errors).toEqual([]);
    return (await page.textContent('output'))!;
  } finally {
    await browser.close();
  }
}
