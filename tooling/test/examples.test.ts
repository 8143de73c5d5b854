// The examples as a user has them: copied out of this repository, with the packages from tarballs, built by their own script,
// and looked at in Chromium. BITGRAD_FULL=1 starts each by two commands from a folder of its own, and adds those whose frameworks
// take long to install and build.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumMissing, launchChromium, outputOf } from '../chromium.mjs';
import { full } from '../endurance.mjs';
import { root } from '../workspace.mjs';
import { installAlone, start } from './places/clean-folder.js';
import { makeProject, run } from './places/project.js';
import { serveFolder, type StaticServer } from '../static-server.mjs';

const slow = ['next'];
const source = `${root}examples/`;
const names = readdirSync(source).filter((name) =>
  ['index.html', 'package.json'].some((file) => existsSync(join(source, name, file))),
);
const built = names.filter((name) => existsSync(join(source, name, 'package.json')));
const tested = names.filter((name) => full || !slow.includes(name));

/** What the examples that are tested install, besides the packages of ours. */
const dependencies = (): Record<string, string> => {
  const manifests = tested
    .filter((name) => built.includes(name))
    .map((name) => JSON.parse(readFileSync(join(source, name, 'package.json'), 'utf8')));
  const all = Object.assign({}, ...manifests.flatMap((m) => [m.dependencies, m.devDependencies]));
  // Only `npm start` needs a server.
  return Object.fromEntries(
    Object.entries<string>(all).filter(([name]) => name !== 'serve' && !name.startsWith('@bitgrad/')),
  );
};

const missing = chromiumMissing();
const required = process.env['BITGRAD_REQUIRE']?.split(',').includes('chromium');

describe.skipIf(missing && !required)(missing ? `examples (skipped: ${missing})` : 'examples', () => {
  let folder: string;
  let examples: string;
  let browser: Browser;
  let ours: Record<string, string>;
  const servers: StaticServer[] = [];

  beforeAll(async () => {
    let project: string;
    // With BITGRAD_FULL each installs what it needs itself.
    const more = full ? {} : dependencies();
    ({ folder, project } = await makeProject(['bits', 'runtime', 'backend-wasm'], more));
    ours = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).dependencies;
    examples = join(project, 'examples');
    mkdirSync(examples);
    for (const name of ['assets', ...tested])
      cpSync(join(source, name), join(examples, name), { recursive: true });
    browser = await launchChromium({ gpu: false });
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) await server.close();
    rmSync(folder, { recursive: true, force: true });
  }, 300_000);

  /** Serves a folder until the end. */
  async function served(folder: string): Promise<string> {
    const server = await serveFolder(folder);
    servers.push(server);
    return server.url;
  }

  /** What a page shows once it has an answer. */
  async function shown(address: string): Promise<string | null> {
    // The address in the example is that of a CDN; the file is the one that it will serve.
    const { text, errors } = await outputOf(browser, address, join(examples, '../node_modules'));
    expect(errors).toEqual([]);
    return text;
  }

  /** What an example shows that its own script has built. */
  async function builtShown(name: string): Promise<string | null> {
    const path = join(examples, name);
    await run('npm', ['run', 'build'], { cwd: path, timeout: 300_000 });
    const output = ['dist', 'out', 'build'].map((made) => join(path, made)).find(existsSync);
    return shown(await served(output!));
  }

  /** What an example shows that two commands have installed and started. */
  async function startedShown(name: string): Promise<string | null> {
    const { address, stop } = await start(
      await installAlone(source, name, join(folder, 'alone', name), ours),
    );
    try {
      return await shown(address);
    } finally {
      stop();
    }
  }

  for (const name of names)
    it.skipIf(!tested.includes(name))(
      tested.includes(name) ? name : `${name} (skipped: BITGRAD_FULL=1 runs it)`,
      async () => {
        const page = built.includes(name) ? (full ? startedShown : builtShown) : null;
        const text = page ? await page(name) : await shown(`${await served(examples)}${name}/`);
        expect(text).toBe('7 by wasm');
      },
      600_000,
    );
});
