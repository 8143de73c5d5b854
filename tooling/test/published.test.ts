// The packages as npm will have them: packed, installed into a project outside of this repository, and used there, so that
// a missing file, type or dependency is found here and not by the first user.
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { platformOf, writePackage } from '../../packages/backend-native/scripts/platforms.mjs';
import { root, workspacePackages } from '../workspace.mjs';
import { manifestProblems } from '../rehearsal/tarballs.mjs';
import { bytesBelow, fromTarballs, pack, tarballOf } from './packed.js';
import { importsOf, installedBy } from './readmes.js';

const run = promisify(execFile);
const packages = workspacePackages('packages');
// Their dependencies are over 100 MB (Dawn, a test runner): packed and linted, but not installed.
const installed = packages.filter(({ name }) => !['backend-node-gpu', 'testkit'].includes(name));
const readme = readFileSync(`${root}README.md`, 'utf8');
const example = /^```ts\n([\s\S]*?)^```/m.exec(readme)![1]!;

const folder = mkdtempSync(join(tmpdir(), 'bitgrad-published-'));
const [tarballs, project] = [join(folder, 'tarballs'), join(folder, 'project')];
const inProject = (command: string, args: readonly string[]) =>
  run(command, args, { cwd: project, maxBuffer: 1 << 26, timeout: 300_000 });
const node = (args: readonly string[]) => inProject(process.execPath, args);

/** The binary of the native engine, where it was built: the package of this platform, as a dependency. */
async function nativeBinary(): Promise<Record<string, string>> {
  const native = packages.find(({ name }) => name === 'backend-native')!;
  const built = `${native.path}src/generated/bitgrad-native.node`;
  const target = (native.manifest.napi.targets as string[]).find((triple) => {
    const { os, cpu, libc } = platformOf(triple);
    return os === process.platform && cpu === process.arch && libc !== 'musl';
  });
  if (!target || !existsSync(built)) return {};
  writePackage(target, built, join(folder, 'platform'));
  const { stdout } = await run('npm', ['pack', '--pack-destination', tarballs], {
    cwd: join(folder, 'platform'),
  });
  return {
    [`@bitgrad/backend-native-${platformOf(target).name}`]: `file:${join(tarballs, stdout.trim())}`,
  };
}

/** Third-party peers of the packages, in the versions of this repository; TypeScript, to look at the types. */
const peers = (): Record<string, string> => {
  const names = new Set(installed.flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {})));
  const tfjs = [...names].filter((name) => name.startsWith('@tensorflow/'));
  const versionOf = (name: string): string => {
    const owner = packages.find(({ path }) => existsSync(`${path}node_modules/${name}/package.json`))!;
    return JSON.parse(readFileSync(`${owner.path}node_modules/${name}/package.json`, 'utf8')).version;
  };
  return Object.fromEntries([...tfjs, 'typescript', '@types/node'].map((name) => [name, versionOf(name)]));
};

/** Compiles files and gives the complaints about them and about the types of bitgrad's packages. */
async function complaints(...files: string[]): Promise<string[]> {
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
  const tsc = 'node_modules/typescript/bin/tsc';
  const output = await node([tsc, ...options, ...files]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  return output.split('\n').filter((line) => /^(node_modules\/@?bitgrad|[\w-]+\.mts)/.test(line));
}

beforeAll(async () => {
  mkdirSync(tarballs);
  mkdirSync(project);
  pack(packages, tarballs);
  const dependencies = { ...fromTarballs(installed, tarballs), ...(await nativeBinary()), ...peers() };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', dependencies }));
  await inProject('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(packages)('the package of $folder', ({ manifest }) => {
  it('is as publint wants it', async () => {
    expect(await manifestProblems(readFileSync(tarballOf(tarballs, manifest)))).toEqual([]);
  });
});

describe.each(installed)('$manifest.name, installed', ({ manifest }) => {
  const path = join(project, 'node_modules', manifest.name);

  it('has its licence and README, no chunk that nothing imports, and no trace of the repository', () => {
    for (const file of ['LICENSE', 'README.md']) expect(existsSync(join(path, file)), file).toBe(true);
    const files = readdirSync(join(path, 'dist'), { recursive: true }) as string[];
    const code = files.filter((file) => file.endsWith('.js'));
    const text = code.map((file) => readFileSync(join(path, 'dist', file), 'utf8')).join('\n');
    const chunks = code.filter((file) => file.startsWith('chunk-'));
    expect(chunks.filter((chunk) => !text.includes(chunk))).toEqual([]);
    const published = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    expect(JSON.stringify(published)).not.toMatch(/@bitgrad\/source|workspace:|catalog:|tooling/);
    // The compiler writes types that it inferred by any package that has them.
    const types = files.filter((file) => file.endsWith('.d.ts')).map((file) => readFileSync(join(path, 'dist', file), 'utf8')); // prettier-ignore
    const named = types.flatMap((text) => [...text.matchAll(/(?:from |import\()["'](@bitgrad\/[\w-]+)/g)]);
    const known = { [manifest.name]: '', ...published.dependencies, ...published.peerDependencies };
    for (const [, name] of named) expect(Object.keys(known)).toContain(name);
  });
});

/** The installed package of this platform's native binary, if there is one. */
const installedBinary = (): string | undefined =>
  Object.keys(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).dependencies).find((name) =>
    name.startsWith('@bitgrad/backend-native-'),
  );

describe('a project of a user', () => {
  it('runs models natively from an installed binary, or is told what to install', async () => {
    const probe = `import { nativeEngine } from '@bitgrad/backend-native/engine';
      console.log(JSON.stringify(await nativeEngine().probe()));`;
    writeFileSync(join(project, 'native.mjs'), probe);
    const ask = async () => JSON.parse((await node(['native.mjs'])).stdout);
    const installed = installedBinary();
    if (!installed) expect(process.env['BITGRAD_REQUIRE'] ?? '').not.toContain('native');
    else {
      expect(await ask()).toMatchObject({ available: true });
      renameSync(join(project, 'node_modules', installed), join(project, 'aside'));
    }
    expect((await ask()).reason).toContain('npm install @bitgrad/backend-native-');
    if (installed) renameSync(join(project, 'aside'), join(project, 'node_modules', installed));
  });

  it('trains natively from it, by the example of its README', async (context) => {
    if (!installedBinary()) context.skip('no native binary was built here');
    const text = readFileSync(join(project, 'node_modules/@bitgrad/backend-native/README.md'), 'utf8');
    writeFileSync(join(project, 'train.mjs'), /^```js\n([\s\S]*?)^```/m.exec(text)![1]!);
    const { stdout } = await node(['train.mjs']);
    expect(stdout).toContain('trains on native []');
    // The kernels of the addon, not those of wasm.
    expect(stdout).toMatch(/Conv2DBackprop\w+\/signs/);
  });

  it('finds types for every entry, compiles the example of the README, and is told of a wrong call', async () => {
    const entries = installed.flatMap(({ manifest }) =>
      Object.entries(manifest.exports)
        .filter(([, target]) => typeof target === 'object')
        .map(([key]) => manifest.name + key.slice(1)),
    );
    expect(entries).toContain('@bitgrad/backend-wasm/engine');
    const lines = entries.map((entry, i) => `import * as m${i} from '${entry}';\nvoid m${i};`);
    writeFileSync(join(project, 'entries.mts'), lines.join('\n'));
    writeFileSync(join(project, 'example.mts'), example);
    const wrong = "import { useBackend } from '@bitgrad/core';\nawait useBackend('wasm');\nexport {};\n";
    writeFileSync(join(project, 'wrong.mts'), wrong);
    // By one compiler, which reads the types of all packages for ten seconds.
    expect(await complaints('entries.mts', 'example.mts', 'wrong.mts')).toEqual([
      expect.stringMatching(/^wrong\.mts\(2,18\): error TS2345/),
    ]);
  });

  it('runs the example of the README, whose install line names all it imports', async () => {
    for (const name of importsOf(example)) expect(installedBy(readme)).toContain(name);
    writeFileSync(join(project, 'example.mjs'), example);
    const { stdout } = await node(['example.mjs']);
    const accuracies = stdout.trim().split('\n').map((line) => Number(line.split(' ')[1])); // prettier-ignore
    expect(accuracies).toHaveLength(3);
    expect(accuracies.at(-1)).toBeGreaterThan(0.95);
  }, 300_000);

  it('trains, compiles and runs by the command', async () => {
    const bitgrad = (line: string) => node(['node_modules/bitgrad/bin/bitgrad.mjs', ...line.split(' ')]);
    await bitgrad('train --model tfc --data digits --limit 500 --epochs 1 --out run');
    await bitgrad('compile run -o digits.bitgrad');
    const { stdout } = await bitgrad('run digits.bitgrad --data digits --limit 100 --json');
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
      engine: installedBinary() ? 'native' : 'wasm',
    });
  }, 300_000);
});

describe('the command alone', () => {
  // 123 MB, of which 92 MB are TensorFlow.js and 15 MB the reader of Keras files.
  const most = 135e6;

  /** A package of ours and those of ours that it depends on. */
  const withDependencies = (name: string): typeof packages => {
    const found = packages.filter(({ manifest }) => manifest.name === name);
    const next = found.flatMap(({ manifest }) => Object.keys(manifest.dependencies ?? {}));
    return [...new Set([...found, ...next.flatMap(withDependencies)])];
  };

  it(`installs no charts, nothing optional, and less than ${most / 1e6} MB`, async () => {
    const own = join(folder, 'command');
    mkdirSync(own);
    const dependencies = fromTarballs(withDependencies('bitgrad'), tarballs);
    writeFileSync(join(own, 'package.json'), JSON.stringify({ dependencies }));
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], {
      cwd: own,
      timeout: 300_000,
    });
    const lock = readFileSync(join(own, 'node_modules/.package-lock.json'), 'utf8');
    const names = Object.keys(JSON.parse(lock).packages).map((path) => path.split('node_modules/').at(-1)!);
    expect(names).toContain('@tensorflow/tfjs-core');
    const unwanted = /chart|plot|zrender|^d3|vega|onnxruntime|playwright|tfjs-node|^webgpu$|backend-native/;
    expect(names.filter((name) => unwanted.test(name))).toEqual([]);
    expect(bytesBelow(join(own, 'node_modules'))).toBeLessThan(most);
    const { stdout } = await run(process.execPath, ['node_modules/bitgrad/bin/bitgrad.mjs', 'list'], { cwd: own }); // prettier-ignore
    expect(stdout).toContain('reste');
  }, 300_000);
});
