// The checks of a release find what is wrong: each gets something that is. The whole runs by `pnpm rehearse`.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditProblems, isAllowed, licenceProblems, sbomProblems } from '../rehearsal/installed.mjs';
import { optionsOf, steps } from '../rehearsal/main.mjs';
import { startRegistry } from '../rehearsal/registry.mjs';
import { chosen, rehearse, summary } from '../rehearsal/rehearse.mjs';
import { contentProblems, sizeProblems, typeProblems, workflowProblems } from '../rehearsal/tarballs.mjs';
import { root } from '../workspace.mjs';
import { readFileSync } from 'node:fs';

const run = promisify(execFile);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bitgrad-rehearsal-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes files below the folder. */
const write = (files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
};

describe('steps', () => {
  it('need only what comes before them', () => {
    const seen = new Set<string>();
    for (const { name, needs = [] } of steps) {
      for (const need of needs) expect([...seen], name).toContain(need);
      seen.add(name);
    }
  });

  it('are those of --only with what they need, without --skip', () => {
    const names = (options: object) => chosen(steps, options).map(({ name }) => name);
    expect(names({ only: ['sizes'] })).toEqual(['copy', 'version', 'build', 'pack', 'sizes']);
    expect(names({ skip: ['audit', 'templates'] })).toHaveLength(steps.length - 2);
  });

  it('go on after one that fails, but for those that need it', async () => {
    const pass = async () => 'fine';
    const list = [
      { name: 'a', what: '', run: pass },
      { name: 'b', what: '', needs: ['a'], run: async () => Promise.reject(new Error('no b')) },
      { name: 'c', what: '', needs: ['b'], run: pass },
      { name: 'd', what: '', needs: ['a'], run: async () => ({ skipped: 'no d here' }) },
      { name: 'e', what: '', needs: ['a'], run: pass },
    ];
    const said: string[] = [];
    const results = await rehearse(list, {}, {}, (text) => said.push(text));
    expect(results.map(({ status }) => status)).toEqual(['passed', 'failed', 'skipped', 'skipped', 'passed']);
    expect(results[2]!.detail).toBe('without b');
    expect(said.join('')).toMatch(/\[2\/5\] b[\s\S]*failed in .*: no b/);
    expect(summary(results, 'out')).toMatch(/skipped d: no d here[\s\S]*failed b: no b\n2 passed, 1 failed, 2 skipped/); // prettier-ignore
  });
});

describe('the command line', () => {
  it.each([
    [['--only', 'sices'], /--only: got "sices", expected steps: copy, version/],
    [['--skip', 'x'], /--skip: got "x"/],
    [['--audit', 'bad'], /--audit: got "bad", expected low, moderate, high, critical/],
    [['--wrong'], /Unknown option '--wrong'/],
  ])('%j is refused', (args, message) => {
    expect(() => optionsOf(args)).toThrow(message);
  });

  it('--help lists the steps; what is wrong ends with 2', async () => {
    const main = `${root}tooling/rehearsal/main.mjs`;
    const { stdout } = await run(process.execPath, [main, '--help']);
    for (const { name } of steps) expect(stdout).toContain(`  ${name} `);
    await expect(run(process.execPath, [main, '--only', 'x'])).rejects.toMatchObject({ code: 2 });
  });
});

describe('a tarball', () => {
  const sound = {
    'package.json': JSON.stringify({ name: 'x', version: '1.0.0', license: 'MIT' }),
    LICENSE: 'MIT',
    'README.md': '# x',
    'dist/index.js': 'export const x = 1;\n',
  };

  it('that is as it should be has no problems', () => {
    write(sound);
    expect(contentProblems(folder)).toEqual([]);
  });

  it.each([
    ['a source condition', { 'package.json': '{"license":"MIT","exports":{".":{"@bitgrad/source":"./src/index.ts"}}}' }, /only this repository understands/], // prettier-ignore
    ['another licence', { 'package.json': '{"license":"GPL-3.0"}' }, /its licence is GPL-3.0/],
    ['code of others', { 'dist/index.js': '// ../../node_modules/.pnpm/left-pad/index.js\nlet a;\n' }, /left-pad\/index.js in it/], // prettier-ignore
    ['a module without its licences', { 'dist/a.wasm': '' }, /a\.wasm is compiled with code of others/],
    ['a template of the workspace', { 'dist/templates/a/package.json': '{"dependencies":{"x":"catalog:"}}' }, /cannot be installed/], // prettier-ignore
    ['a token', { '.npmrc': '' }, /\.npmrc must not be published/],
  ])('with %s is refused', (_, change, message) => {
    write({ ...sound, ...change });
    expect(contentProblems(folder).join('\n')).toMatch(message);
  });

  it('without a licence is refused', () => {
    const { LICENSE: _, ...rest } = sound;
    write(rest);
    expect(contentProblems(folder)).toEqual(['no LICENSE']);
  });

  it('whose types are not those of its code is refused', async () => {
    const manifest = (types: string) => ({ 'package/package.json': JSON.stringify({ name: 'x', version: '1.0.0', type: 'module', main: './index.js', types: `./${types}`, exports: { '.': { types: `./${types}`, default: './index.js' } } }), 'package/index.js': 'export const x = 1;\n' }); // prettier-ignore
    const problemsOf = async (files: Readonly<Record<string, string>>) => {
      write(files);
      await run('tar', ['-czf', 'x.tgz', 'package'], { cwd: folder });
      return typeProblems(readFileSync(join(folder, 'x.tgz')));
    };
    const types = 'export declare const x: number;\n';
    expect(await problemsOf({ ...manifest('index.d.ts'), 'package/index.d.ts': types })).toEqual([]);
    expect(await problemsOf({ ...manifest('index.d.cts'), 'package/index.d.cts': types })).not.toEqual([]);
  });

  it('that is too large, or has no bound, is refused', () => {
    const limits = { a: 10, b: 1, '@bitgrad/backend-native-*': 5 };
    const sizes = { a: 10_240, '@bitgrad/backend-native-linux-x64-gnu': 5121, c: 1 };
    expect(sizeProblems(sizes, limits)).toEqual([
      '@bitgrad/backend-native-linux-x64-gnu: 6 KiB, more than 5',
      'c: no bound in tooling/rehearsal/bounds.json',
      'b: a bound, and no package',
    ]);
  });
});

describe('a list of parts', () => {
  const part = (name: string, id: string) => ({ name, version: '1.0.0', purl: `pkg:npm/${name}@1.0.0`, hashes: [{}], licenses: [{ license: { id } }] }); // prettier-ignore
  const list = { bomFormat: 'CycloneDX', specVersion: '1.5', components: [part('bitgrad', 'MIT'), part('a', 'ISC')] }; // prettier-ignore

  it('has all packages, their addresses and hashes', () => {
    expect(sbomProblems(list, [{ name: 'bitgrad', version: '1.0.0' }])).toEqual([]);
    expect(sbomProblems(list, [{ name: 'bitgrad', version: '1.0.1' }])).toEqual(['bitgrad@1.0.1 is not in it']); // prettier-ignore
    const bare = { ...list, components: [{ name: 'a', version: '1.0.0' }] };
    expect(sbomProblems(bare, [])).toEqual(['a has no address', 'a has no hash']);
  });

  it('with a licence that asks for more is refused', () => {
    expect(licenceProblems(list)).toEqual([]);
    expect(
      licenceProblems({ components: [part('b', 'AGPL-3.0-only'), { name: 'c', version: '2.0.0' }] }),
    ).toEqual([
      // prettier-ignore
      'b@1.0.0: AGPL-3.0-only',
      'c@2.0.0: no licence',
    ]);
    expect(isAllowed('(MIT OR GPL-3.0-only)')).toBe(true);
    expect(isAllowed('MIT AND GPL-3.0-only')).toBe(false);
    expect(isAllowed('SEE LICENSE IN x')).toBe(false);
  });

  it('with a known weakness is refused from its level on', () => {
    const report = { vulnerabilities: { a: { name: 'a', severity: 'moderate', range: '<2' }, b: { name: 'b', severity: 'critical', range: '*' } } }; // prettier-ignore
    expect(auditProblems(report, 'high')).toEqual(['b *: critical']);
    expect(auditProblems(report, 'low')).toHaveLength(2);
  });
});

describe('the workflow', () => {
  const text = readFileSync(`${root}.github/workflows/release.yml`, 'utf8');

  it('publishes with provenance', () => {
    expect(workflowProblems(text)).toEqual([]);
  });

  it.each([
    ['id-token: write', 'id-token: none', /cannot sign/],
    ["NPM_CONFIG_PROVENANCE: 'true'", "NPM_CONFIG_PROVENANCE: 'false'", /NPM_CONFIG_PROVENANCE/],
    ['environment: { name: npm }', '', /no environment/],
    ['- run: pnpm release', '- run: pnpm build', /no job/],
  ])('without %s does not', (from, to, message) => {
    expect(workflowProblems(text.replace(from, to)).join()).toMatch(message);
  });
});

it('the registry gives what was published, once, and nothing of ours from elsewhere', async () => {
  const settings = join(folder, 'npmrc');
  const registry = await startRegistry({ upstream: 'https://elsewhere.example/', isOurs: (name) => /^@?ours/.test(name), settings }); // prettier-ignore
  try {
    write({
      'p/package.json': JSON.stringify({ name: '@ours/a', version: '1.2.3' }),
      'p/index.js': '// a\n',
    });
    const npm = (...args: string[]) => run('npm', args, { cwd: join(folder, 'p'), env: { ...process.env, ...registry.environment, npm_config_cache: join(folder, 'cache') } }); // prettier-ignore
    await npm('publish', '--access', 'public');
    await expect(npm('publish', '--access', 'public')).rejects.toThrow(/1\.2\.3/);
    expect((await npm('view', '@ours/a', 'dist-tags.latest')).stdout.trim()).toBe('1.2.3');
    await npm('pack', '@ours/a@1.2.3', '--pack-destination', folder);
    const { stdout } = await run('tar', ['-xzOf', join(folder, 'ours-a-1.2.3.tgz'), 'package/index.js']);
    expect(stdout).toBe('// a\n');
    // What is there by its tarball is installed as what was published.
    writeFileSync(join(folder, 'p/package.json'), JSON.stringify({ name: '@ours/b', version: '2.0.0' }));
    await npm('pack', '--pack-destination', folder);
    registry.offer(join(folder, 'ours-b-2.0.0.tgz'));
    await rm(join(folder, 'p'), { recursive: true });
    write({ 'p/package.json': '{"name":"user","version":"1.0.0"}' });
    await npm('install', '@ours/b');
    const installed = readFileSync(join(folder, 'p/node_modules/@ours/b/package.json'), 'utf8');
    expect(JSON.parse(installed).version).toBe('2.0.0');
    const answer = async (path: string) => {
      const { status, headers } = await fetch(registry.url + path, { redirect: 'manual' });
      return [status, headers.get('location')];
    };
    expect(await answer('ours-c')).toEqual([404, null]);
    expect(await answer('@other%2fc')).toEqual([302, 'https://elsewhere.example/@other%2fc']);
    expect((await fetch(new URL('/ours-a', registry.url))).status).toBe(404);
  } finally {
    await registry.close();
  }
}, 120_000);
