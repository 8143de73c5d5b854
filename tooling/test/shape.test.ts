// Every package has the same shape: found without search, published with nothing missing.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root, statedVersion, workspacePackages } from '../workspace.mjs';

const packages = workspacePackages('packages');
const read = (path: string) => readFileSync(path, 'utf8');
const sources = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true, recursive: true })
    .filter(
      (entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('generated'),
    )
    .map((entry) => `${entry.parentPath}/${entry.name}`);

describe.each(packages)('packages/$name', ({ name, path, manifest }) => {
  it('has the files and scripts that every package has', () => {
    for (const file of ['src', 'test', 'README.md', 'tsup.config.ts', 'vitest.config.ts'])
      expect(existsSync(path + file), file).toBe(true);
    for (const script of ['build', 'test', 'clean'])
      expect(manifest.scripts, script).toHaveProperty([script]);
    expect(readdirSync(`${path}test`).length).toBeGreaterThan(0);
  });

  it('is named after its folder, MIT, and free of side effects', () => {
    // Those that are typed by their names: npx bitgrad, npm create bitgrad.
    const typed: Record<string, string> = { cli: 'bitgrad', 'create-bitgrad': 'create-bitgrad' };
    expect(manifest.name).toBe(typed[name] ?? `@bitgrad/${name}`);
    expect(manifest.license).toBe('MIT');
    // Layers register their classes with tfjs when they are imported; nothing else does anything then.
    expect(manifest.sideEffects).toBe(name === 'layers');
    expect(manifest.type).toBe('module');
  });

  it('exports its source first, and every export exists', () => {
    expect(Object.keys(manifest.exports)).toContain('./package.json');
    for (const [key, target] of Object.entries<Record<string, string> | string>(manifest.exports)) {
      if (typeof target === 'string') continue;
      expect(Object.keys(target)[0], key).toBe('@bitgrad/source');
      expect(existsSync(path + target['@bitgrad/source']), key).toBe(true);
    }
  });

  it('says where its entries and their types are to resolvers that read no exports, too', () => {
    const { '.': main, ...others } = manifest.exports as Record<string, Record<string, string>>;
    expect(manifest).toMatchObject({ main: main!['default'], types: main!['types'] });
    const types = Object.entries(others).flatMap(([key, target]) =>
      typeof target === 'string' ? [] : [[key.slice(2), [target['types']]] as const],
    );
    expect(manifest.typesVersions?.['*'] ?? {}).toEqual(Object.fromEntries(types));
  });

  it('has peers of ours with an open range, so that no minor release of them is a major one of this', () => {
    for (const [dep, range] of Object.entries<string>(manifest.peerDependencies ?? {}))
      if (dep.startsWith('@bitgrad/')) expect(range, dep).toMatch(/^workspace:>=/);
  });

  it('has tfjs as a peer only, with one backend at most', () => {
    if (name === 'cli') return;
    const peers = Object.keys(manifest.peerDependencies ?? {}).filter((dep) =>
      dep.startsWith('@tensorflow/'),
    );
    expect(Object.keys(manifest.dependencies ?? {}).filter((dep) => dep.startsWith('@tensorflow/'))).toEqual(
      [],
    );
    expect(peers.filter((dep) => dep.includes('backend')).length).toBeLessThanOrEqual(1);
  });

  it('has a README with the five headings', () => {
    const text = read(`${path}README.md`);
    expect(text).toMatch(/^# /m);
    for (const heading of [
      /^## Install/m,
      /^## (Example|Usage|Use)/m,
      /^## (Options|API|Commands)/m,
      /^## Limits/m,
    ])
      expect(text).toMatch(heading);
  });

  it('draws randomness from the seeded generator alone', () => {
    for (const file of sources(`${path}src`)) expect(read(file), file).not.toMatch(/Math\.random\(/);
  });
});

it.each(packages)(
  '$folder: what it states of its version is that of its manifest',
  ({ name, path, manifest }) => {
    // pnpm version-packages writes both.
    const text = sources(`${path}src`).map(read).join('\n');
    const stated = [...text.matchAll(statedVersion)].map((match) => match[2]);
    expect(stated).toEqual(stated.map(() => manifest.version));
    const plugin =
      name.startsWith('quantizer-') ||
      ['models', 'datasets', 'recipe', 'importer', 'training'].includes(name);
    expect(stated.length > 0).toBe(plugin);
  },
);

it('core, layers and training name no plugin', () => {
  const plugins = packages.filter(({ name }) => /^(quantizer|backend)-/.test(name)).map(({ name }) => name);
  for (const owner of packages.filter(({ name }) => ['core', 'layers', 'training'].includes(name)))
    for (const file of sources(`${owner.path}src`)) {
      const code = read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      for (const plugin of plugins) expect(code.includes(plugin), `${file} names ${plugin}`).toBe(false);
    }
});

it('keeps no symlinks and no path of one machine', () => {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  expect(
    git('ls-files', '-s')
      .split('\n')
      .filter((line) => line.startsWith('120000')),
  ).toEqual([]);
});
