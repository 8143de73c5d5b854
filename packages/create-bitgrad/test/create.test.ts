// The projects that are made, file by file, and what is refused. Whether they work once they are installed is the question of
// tooling/test/templates.test.ts.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withVersions } from '../scripts/templates.mjs';
import { createProject, templates, type TemplateName } from '../src/index.js';
import { main } from '../src/main.js';

const names = Object.keys(templates) as TemplateName[];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'create-bitgrad-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(names)('%s', (template) => {
  it('is a project of its name with what every project has', async () => {
    const made = await createProject(join(folder, 'My App'), { template });
    expect(made).toMatchObject({ template, name: 'my-app', folder: join(folder, 'My App') });
    expect(made.files).toEqual(expect.arrayContaining(['.gitignore', 'README.md', 'package.json']));
    expect(made.files.filter((file) => file.startsWith('_'))).toEqual([]);
    const manifest = JSON.parse(readFileSync(join(made.folder, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({ name: 'my-app', type: 'module', scripts: { test: expect.any(String) } });
    const scripts = made.next.flatMap((line) => /^npm (?:run )?(\w+)$/.exec(line)?.[1] ?? []);
    for (const script of scripts.filter((name) => name !== 'install'))
      expect(Object.keys(manifest.scripts)).toContain(script);
  });

  it('is published with versions that npm understands', () => {
    const text = readFileSync(new URL(`../templates/${template}/package.json`, import.meta.url), 'utf8');
    const { dependencies = {}, devDependencies = {} } = JSON.parse(withVersions(text));
    for (const version of Object.values({ ...dependencies, ...devDependencies }))
      expect(version).toMatch(/^[\^~]?\d+\.\d+\.\d+$/);
  });
});

it.each([
  ['quantizer', '.changeset/first.md', "'@me/fine.app': minor"],
  ['worker', 'wrangler.toml', 'name = "me-fine-app"'],
] as const)('%s has its name in %s, too', async (template, file, line) => {
  const made = await createProject(join(folder, 'app'), { template, name: '@me/fine.app' });
  expect(readFileSync(join(made.folder, file), 'utf8')).toContain(line);
  for (const each of made.files) expect(readFileSync(join(made.folder, each), 'utf8'), each).not.toContain('my-app'); // prettier-ignore
});

it('names only what the catalog has', () => {
  expect(() => withVersions('{ "not-there": "catalog:" }')).toThrow('not-there is not in the catalog');
});

describe('the folder', () => {
  it('may be empty, and may have a git repository', async () => {
    mkdirSync(join(folder, 'app/.git'), { recursive: true });
    const made = await createProject(join(folder, 'app'), { template: 'node', name: '@me/app' });
    expect(JSON.parse(readFileSync(join(made.folder, 'package.json'), 'utf8')).name).toBe('@me/app');
  });

  it('that is not empty is refused, and stays as it is', async () => {
    writeFileSync(join(folder, 'mine.txt'), 'mine');
    await expect(createProject(folder, { template: 'web' })).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('expected one that does not exist, or is empty'),
    });
    expect(readdirSync(folder)).toEqual(['mine.txt']);
  });

  it('that is a file is refused', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(createProject(file, { template: 'web' })).rejects.toMatchObject({ code: 'io' });
  });
});

it.each([
  [{ template: 'wep' }, 'unknown-name', /got "wep", expected web, keyword.*Did you mean "web"/],
  [{ template: 'web', name: 'My App' }, 'invalid-option', /name of the project: got "My App"/],
  [{ template: 'web', colour: 1 }, 'invalid-option', /colour/],
  [{}, 'invalid-option', /template/],
])('%j is refused', async (options, code, message) => {
  const making = createProject(join(folder, 'app'), options as never);
  await expect(making).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  expect(existsSync(join(folder, 'app'))).toBe(false);
});

describe('the command', () => {
  const said = (stream: 'stdout' | 'stderr'): (() => string) => {
    const spy = vi.spyOn(process[stream], 'write').mockImplementation(() => true);
    return () => spy.mock.calls.map(([text]) => String(text)).join('');
  };

  it('makes a project, and says what to type then', async () => {
    const out = said('stdout');
    expect(await main([join(folder, 'app'), '--template', 'web'])).toBe(0);
    expect(out()).toMatch(/files in .*app\. Next:[\s\S]*npm install\n {2}npm run dev/);
    expect(existsSync(join(folder, 'app/src/main.js'))).toBe(true);
  });

  it('says the same as JSON', async () => {
    const out = said('stdout');
    expect(await main([join(folder, 'app'), '-t', 'node', '--name', 'x', '--json'])).toBe(0);
    expect(JSON.parse(out())).toMatchObject({ name: 'x', template: 'node', folder: join(folder, 'app') });
  });

  it('lists the templates in its help', async () => {
    const out = said('stdout');
    expect(await main(['--help'])).toBe(0);
    for (const name of names) expect(out()).toContain(`  ${name} `);
    expect(out()).toContain('npm create bitgrad my-app -- --template web');
  });

  it.each([
    [['app'], /option "--template": got "nothing", expected web, keyword/],
    [['--template', 'web'], /folder: got "nothing"/],
    [['app', '--template', 'nothing'], /template: got "nothing"/],
    [['app', '--wrong'], /unknown option '--wrong'/],
  ])('%j is told what is wrong, where nobody can be asked', async (args, message) => {
    const err = said('stderr');
    expect(await main(args.map((arg) => (arg === 'app' ? join(folder, 'app') : arg)))).toBe(2);
    expect(err()).toMatch(message);
    expect(existsSync(join(folder, 'app'))).toBe(false);
  });
});
