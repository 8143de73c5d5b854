// The first steps of a rehearsal: a copy of what is committed, its new version, its build, its tarballs.
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { platformOf } from '../../packages/backend-native/scripts/platforms.mjs';
import { root } from '../workspace.mjs';
import { run } from './run.mjs';

/** The published packages of a checkout: folder, manifest. */
const packagesOf = (checkout) =>
  readdirSync(join(checkout, 'packages'))
    .map((name) => ({ name, path: join(checkout, 'packages', name) }))
    .filter(({ path }) => existsSync(join(path, 'package.json')))
    .map((each) => ({ ...each, manifest: JSON.parse(readFileSync(join(each.path, 'package.json'), 'utf8')) }))
    .filter(({ manifest }) => !manifest.private);

/** The tarball of a package. */
export const tarballOf = (tarballs, { name, version }) =>
  join(tarballs, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);

const pnpm = (context, args, env = {}) =>
  run('pnpm', args, { cwd: context.copy, log: context.log, env: { ...context.cleanEnvironment, ...env } });

/** What is committed, in a folder of its own, with what it depends on. Changes that are not committed are told, not taken. */
export async function copy(context) {
  const git = (...args) => run('git', args, { cwd: root, log: context.log });
  const changed = (await git('status', '--porcelain')).split('\n').filter(Boolean);
  await git('clone', '--quiet', root, context.copy);
  const commit = (await git('rev-parse', '--short', 'HEAD')).trim();
  // What was compiled before from the same files need not be compiled again: turbo compares their contents.
  context.cleanEnvironment.TURBO_CACHE_DIR ??= join(root, '.turbo/cache');
  await pnpm(context, ['install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only']);
  const not = changed.length > 0 ? `; without ${changed.length} files that are not committed` : '';
  return `commit ${commit}${not}`;
}

/** New versions and changelogs, as `pnpm version-packages` writes them. */
export async function version(context) {
  const before = packagesOf(context.copy);
  const sets = readdirSync(join(context.copy, '.changeset')).filter((name) =>
    /^(?!README).*\.md$/.test(name),
  );
  if (sets.length === 0) throw new Error('.changeset/ has no change: there is nothing to release');
  await pnpm(context, ['version-packages']);
  const after = packagesOf(context.copy);
  const versions = new Set(after.map(({ manifest }) => manifest.version));
  if (versions.size !== 1)
    throw new Error(`packages share one version, and have ${[...versions].join(', ')}`);
  const [now] = versions;
  if (now === before[0].manifest.version) throw new Error(`the version is still ${now}`);
  const left = readdirSync(join(context.copy, '.changeset')).filter((name) => sets.includes(name));
  if (left.length > 0) throw new Error(`changesets are left: ${left.join(', ')}`);
  const mute = after.filter(({ path }) => !existsSync(join(path, 'CHANGELOG.md')) || !readFileSync(join(path, 'CHANGELOG.md'), 'utf8').includes(`## ${now}`)); // prettier-ignore
  if (mute.length > 0) throw new Error(`no word of ${now} in the changelog of ${mute.map(({ name }) => name).join(', ')}`); // prettier-ignore
  context.version = now;
  context.packages = after;
  return `${before[0].manifest.version} to ${now}, ${after.length} packages, ${sets.length} changes`;
}

/** Code and types. */
export async function build(context) {
  await pnpm(context, ['build', '--output-logs=errors-only']);
  await pnpm(context, ['build:types']);
  return '';
}

/** The package of this platform's native binary, where cargo is. @returns its tarball */
async function packBinary(context) {
  const native = context.packages.find(({ name }) => name === 'backend-native');
  const binary = join(native.path, 'src/generated/bitgrad-native.node');
  const target = native.manifest.napi.targets.find((triple) => {
    const { os, cpu, libc } = platformOf(triple);
    return os === process.platform && cpu === process.arch && libc !== 'musl';
  });
  if (!target || !existsSync(binary)) return undefined;
  const folder = join(context.work, 'platform');
  const code = `const { writePackage } = await import('./packages/backend-native/scripts/platforms.mjs'); writePackage(${JSON.stringify(target)}, ${JSON.stringify(binary)}, ${JSON.stringify(folder)});`;
  const options = { cwd: context.copy, log: context.log, env: context.cleanEnvironment };
  await run(process.execPath, ['--input-type=module', '-e', code], options);
  await run('npm', ['pack', '--pack-destination', context.tarballs], { ...options, cwd: folder });
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** The tarballs that npm would get. */
export async function pack(context) {
  mkdirSync(context.tarballs, { recursive: true });
  const filters = context.packages.flatMap(({ manifest }) => ['--filter', manifest.name]);
  await pnpm(context, ['--recursive', ...filters, 'pack', '--pack-destination', context.tarballs]);
  context.binary = await packBinary(context);
  context.manifests = [...context.packages.map(({ manifest }) => manifest), ...(context.binary ? [context.binary] : [])]; // prettier-ignore
  const missing = context.manifests.filter((manifest) => !existsSync(tarballOf(context.tarballs, manifest)));
  if (missing.length > 0) throw new Error(`no tarball of ${missing.map(({ name }) => name).join(', ')}`);
  const binary = context.binary ? `with ${context.binary.name}` : 'no native binary: there is no cargo here';
  return `${context.manifests.length} tarballs, ${binary}`;
}
