// The templates of `npm create bitgrad` as a newcomer gets them: made by the packed command, with the packages from tarballs,
// tested and built by their own scripts, and the pages used in Chromium. BITGRAD_FULL=1 adds those that train.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumMissing, launchChromium } from '../chromium.mjs';
import { full } from '../endurance.mjs';
import { root, workspacePackages } from '../workspace.mjs';
import { findHost } from '../hosts.mjs';
import { bundle, makeProject, run } from './places/project.js';
import { serveModules } from './places/workerd.js';
import { serveFolder } from '../static-server.mjs';

const source = `${root}packages/create-bitgrad/templates/`;
const all = readdirSync(source).sort();
const light = ['web', 'keyword', 'worker'];
const tested = all.filter((name) => full || light.includes(name));
const manifestOf = (name: string) => JSON.parse(readFileSync(join(source, name, 'package.json'), 'utf8'));

/** Packages of ours that the tested templates need, and all that those need. */
function packagesNeeded(): string[] {
  const packages = new Map(workspacePackages('packages').map((each) => [each.manifest.name as string, each]));
  const found = new Set(['create-bitgrad']);
  for (const name of tested) {
    const { dependencies = {}, devDependencies = {} } = manifestOf(name);
    for (const one of Object.keys({ ...dependencies, ...devDependencies })) found.add(one);
  }
  for (const name of found) {
    const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = packages.get(name)?.manifest ?? {}; // prettier-ignore
    for (const one of Object.keys(dependencies)) found.add(one);
    for (const one of Object.keys(peerDependencies)) if (!peerDependenciesMeta[one]?.optional) found.add(one);
  }
  return [...found].flatMap((name) => packages.get(name)?.name ?? []);
}

/** What they install from npm, in the versions of the catalog. */
function thirdParty(): Record<string, string> {
  const workspace = readFileSync(`${root}pnpm-workspace.yaml`, 'utf8');
  const versionOf = (name: string): string =>
    new RegExp(`^ {2}'?${name}'?: (\\S+)$`, 'm').exec(workspace)?.[1] ?? 'missing';
  const wanted = tested.flatMap((name) => Object.entries<string>({ ...manifestOf(name).dependencies, ...manifestOf(name).devDependencies })); // prettier-ignore
  // wrangler is 200 MB, and only starts and deploys; changesets release.
  const left = wanted.filter(([name]) => !['wrangler', '@changesets/cli'].includes(name) && !/^(@bitgrad\/|bitgrad$)/.test(name)); // prettier-ignore
  return Object.fromEntries(left.map(([name, version]) => [name, version === 'catalog:' ? versionOf(name) : version])); // prettier-ignore
}

const missing = chromiumMissing();
const required = process.env['BITGRAD_REQUIRE']?.split(',').includes('chromium');
const withChromium = missing && !required ? it.skip : it;

describe('templates', () => {
  let folder: string;
  let project: string;
  let browser: Browser;
  beforeAll(async () => {
    ({ folder, project } = await makeProject(packagesNeeded(), thirdParty()));
    if (!missing) browser = await launchChromium({ gpu: false });
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 300_000);

  const npm = (name: string, ...args: string[]) =>
    run('npm', ['run', ...args], { cwd: join(project, name), timeout: 300_000 }).catch(
      (error: { stdout: string; stderr: string }) => {
        throw new Error(`npm run ${args.join(' ')} in ${name}:\n${error.stdout}${error.stderr}`);
      },
    );

  /** Opens what a template has built; fails where anything went wrong on the page. */
  async function onPage(name: string, act: (page: Page) => Promise<void>): Promise<void> {
    const server = await serveFolder(join(project, name, 'dist'));
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    await page.goto(server.url);
    await act(page).finally(() => server.close());
    await page.close();
    expect(problems).toEqual([]);
  }

  it.each(tested)(
    '%s is made by the command, and passes its own tests',
    async (name) => {
      const command = 'node_modules/create-bitgrad/bin/create-bitgrad.mjs';
      const { stdout } = await run(process.execPath, [command, name, '--template', name, '--json'], { cwd: project }); // prettier-ignore
      const made = JSON.parse(stdout);
      expect(made.files).toContain('.gitignore');
      const manifest = readFileSync(join(project, name, 'package.json'), 'utf8');
      expect(manifest).not.toMatch(/workspace:|catalog:/);
      const { stdout: said } = await npm(name, 'test');
      expect(said).toMatch(/pass [1-9]|Tests .*[1-9]\d* passed/);
    },
    300_000,
  );

  withChromium(
    'web reads what is drawn on its page',
    async () => {
      await npm('web', 'build');
      await onPage('web', async (page) => {
        await page.getByText('Draw a digit.', { exact: true }).waitFor();
        const box = (await page.locator('canvas').boundingBox())!;
        await page.mouse.move(box.x + 140, box.y + 50);
        await page.mouse.down();
        await page.mouse.move(box.x + 140, box.y + 230, { steps: 8 });
        await page.mouse.up();
        await expect.poll(() => page.textContent('output')).toMatch(/^1 \(\d+ %\), or \d$/);
      });
    },
    300_000,
  );

  withChromium(
    'keyword builds into a page that asks for the microphone only when told to',
    async () => {
      await npm('keyword', 'build');
      await onPage('keyword', async (page) => {
        expect(await page.textContent('output')).toBe('Not listening.');
        await page.getByRole('button', { name: 'Listen' }).click();
        // There is none here: the page says so, and goes on.
        await expect.poll(() => page.textContent('output')).not.toBe('Not listening.');
        expect(await page.getByRole('button').isEnabled()).toBe(true);
      });
    },
    300_000,
  );

  const workerd = findHost('workerd');
  const hostsRequired = process.env['BITGRAD_REQUIRE']?.split(',').includes('hosts');
  it.skipIf(!workerd && !hostsRequired)(
    workerd ? 'worker answers in workerd' : 'worker answers in workerd (skipped: `pnpm hosts` installs it)',
    async () => {
      const path = join(project, 'worker');
      const text = await bundle(path, readFileSync(join(path, 'src/index.js'), 'utf8').replace("'./", "'./src/"), { format: 'esm', target: 'es2022', external: ['*.wasm'] }); // prettier-ignore
      writeFileSync(join(path, 'worker.js'), text);
      const { url, stop } = await serveModules(workerd!, path, {
        'worker.js': ['esModule', 'worker.js'],
        '@bitgrad/backend-wasm/simd.wasm': ['wasm', '../node_modules/@bitgrad/backend-wasm/dist/simd.wasm'],
      });
      try {
        const post = async (body: Uint8Array<ArrayBuffer>) => {
          const response = await fetch(url, { method: 'POST', body });
          return [response.status, await response.json()] as const;
        };
        const bar = Uint8Array.from({ length: 784 }, (_, i) => i % 28 > 12 && i % 28 < 16 && i > 112 && i < 672 ? 255 : 0); // prettier-ignore
        const [status, answer] = await post(bar);
        expect([status, answer.engine, answer.classes[0].name]).toEqual([200, 'wasm', '1']);
        expect(await post(new Uint8Array(3))).toEqual([400, { error: 'got 3 bytes, expected 784' }]);
        expect((await fetch(url)).status).toBe(405);
      } finally {
        stop();
      }
    },
    120_000,
  );

  it.skipIf(!full)(
    full
      ? 'quantizer has types, is built, and trains by name'
      : 'quantizer (skipped: BITGRAD_FULL=1 runs it)',
    async () => {
      await npm('quantizer', 'typecheck');
      await npm('quantizer', 'build');
      expect(existsSync(join(project, 'quantizer/dist/index.d.ts'))).toBe(true);
      const command = join(project, 'node_modules/bitgrad/bin/bitgrad.mjs');
      const line = 'train --plugin . --quantizer mine --model tfc --data digits --limit 300 --test-limit 100 --epochs 1 --out run --json'; // prettier-ignore
      const { stdout } = await run(process.execPath, [command, ...line.split(' ')], { cwd: join(project, 'quantizer') }); // prettier-ignore
      expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
        quantizer: 'mine',
        finished: true,
      });
    },
    300_000,
  );

  it.skipIf(!full)(
    full ? 'node trains and answers' : 'node (skipped: BITGRAD_FULL=1 runs it)',
    async () => {
      const recipe = join(project, 'node/recipe.js');
      const text = readFileSync(recipe, 'utf8');
      writeFileSync(recipe, text.replace('limit: 4000', 'limit: 1000').replace('epochs: 3', 'epochs: 1'));
      await npm('node', 'train');
      expect((await npm('node', 'start')).stdout).toMatch(/a bar is \d \(/);
    },
    300_000,
  );
});
