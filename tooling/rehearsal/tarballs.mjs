// What is looked at in the tarballs: the rules of npm's tools, types under every resolution, sizes, licences, provenance.
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { parse } from 'yaml';
import { run } from './run.mjs';
import { tarballOf } from './source.mjs';

const bytesOf = (context, manifest) => readFileSync(tarballOf(context.tarballs, manifest));

/** Throws what was found, if anything was. */
export const none = (problems) => {
  if (problems.length > 0) throw new Error(problems.join('\n'));
};

/** What publint finds wrong with a tarball, strictly. */
export async function manifestProblems(bytes) {
  const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
  const said = messages.map((message) => formatMessage(message, pkg, { color: false }));
  // A template's manifest is that of the project which is made of it.
  return said.filter((text) => !text?.startsWith('./dist/templates/'));
}

/** publint: a manifest as npm's tools and bundlers want it. */
export async function manifests(context) {
  const problems = [];
  for (const manifest of context.manifests)
    for (const text of await manifestProblems(bytesOf(context, manifest)))
      problems.push(`${manifest.name}: ${text}`);
  none(problems);
  return `${context.manifests.length} packages, publint --strict`;
}

/** Not looked for: packages are ES modules only, and every supported Node can require() those. */
const expectedOfModules = ['CJSResolvesToESM'];

/** What attw finds wrong with a tarball. */
export async function typeProblems(bytes) {
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(bytes)), {
    excludeEntrypoints: [/package\.json$/, /\.wasm$/, /\*/],
  });
  if (!result.types) return ['has no types'];
  const told = result.problems.filter(({ kind }) => !expectedOfModules.includes(kind));
  return [...new Set(told.map(({ kind, entrypoint, resolutionKind }) => [kind, entrypoint, resolutionKind].filter(Boolean).join(' ')))]; // prettier-ignore
}

/** attw: the types that each way of resolving finds are those of the code that it finds. */
export async function types(context) {
  const problems = [];
  const typed = context.packages.filter(({ manifest }) => manifest.types);
  for (const { manifest } of typed)
    for (const problem of await typeProblems(bytesOf(context, manifest)))
      problems.push(`${manifest.name}: ${problem}`);
  none(problems);
  return `${typed.length} packages, are-the-types-wrong`;
}

const bounds = JSON.parse(readFileSync(new URL('bounds.json', import.meta.url), 'utf8'));

/** Which tarballs are larger than what is written for them, or have nothing written. */
export const sizeProblems = (sizes, limits = bounds) => [
  ...Object.entries(sizes).flatMap(([name, bytes]) => {
    // Binaries of all platforms are of about one size.
    const most = limits[name.replace(/(@bitgrad\/backend-native)-.*/, '$1-*')];
    if (most === undefined) return [`${name}: no bound in tooling/rehearsal/bounds.json`];
    return bytes > most * 1024 ? [`${name}: ${Math.ceil(bytes / 1024)} KiB, more than ${most}`] : [];
  }),
  ...Object.keys(limits)
    .filter((name) => !name.endsWith('*') && sizes[name] === undefined)
    .map((name) => `${name}: a bound, and no package`),
];

/** Sizes of what is downloaded, against bounds that are raised only in the commit that needs it. */
export async function sizes(context) {
  const found = Object.fromEntries(context.manifests.map((manifest) => [manifest.name, bytesOf(context, manifest).length])); // prettier-ignore
  context.sizes = found;
  none(sizeProblems(found));
  const all = Object.values(found).reduce((sum, bytes) => sum + bytes, 0);
  return `${(all / 1e6).toFixed(2)} MB in all`;
}

const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true }).filter((file) => statSync(join(folder, file)).isFile());

/** What is wrong with the files of an unpacked package. */
export function contentProblems(folder) {
  const files = filesBelow(folder).map((file) => file.replaceAll('\\', '/'));
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const problems = ['LICENSE', 'README.md'].filter((file) => !files.includes(file)).map((file) => `no ${file}`); // prettier-ignore
  if (/@bitgrad\/source|workspace:|catalog:/.test(JSON.stringify(manifest)))
    problems.push('its manifest has what only this repository understands');
  if (manifest.license !== 'MIT') problems.push(`its licence is ${manifest.license}, and the repository's MIT`); // prettier-ignore
  const templates = files.filter((file) => /templates\/[^/]+\/package\.json$/.test(file));
  for (const file of templates)
    if (/workspace:|catalog:/.test(readFileSync(join(folder, file), 'utf8'))) problems.push(`${file} cannot be installed`); // prettier-ignore
  // Bundlers say in a comment where each part is from.
  const foreign = files
    .filter((file) => file.endsWith('.js'))
    .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/^\/\/ .*node_modules\/(\S+)/gm)].map(([, from]) => `${file} has ${from} in it`)); // prettier-ignore
  const compiled = files.filter((file) => /\.(node|wasm)$/.test(file));
  if (!files.includes('THIRD_PARTY.md')) {
    problems.push(...new Set(foreign));
    problems.push(...compiled.map((file) => `${file} is compiled with code of others, and THIRD_PARTY.md is not there`)); // prettier-ignore
  }
  const secrets = files.filter((file) => /(^|\/)(\.env|\.npmrc|id_[a-z]+|.*\.pem)$/.test(file));
  return [...problems, ...secrets.map((file) => `${file} must not be published`)];
}

/** Every package has its licence, README, and the licences of what is inside it. */
export async function contents(context) {
  const problems = [];
  for (const manifest of context.manifests) {
    const folder = join(context.work, 'unpacked', manifest.name.replace('/', '-'));
    mkdirSync(folder, { recursive: true });
    await run('tar', ['-xzf', tarballOf(context.tarballs, manifest), '-C', folder, '--strip-components=1'], { cwd: context.work }); // prettier-ignore
    problems.push(...contentProblems(folder).map((problem) => `${manifest.name}: ${problem}`));
  }
  none(problems);
  return `${context.manifests.length} packages`;
}

/** What a workflow lacks that is to publish with provenance. */
export function workflowProblems(text) {
  const { jobs } = parse(text);
  const job = Object.values(jobs).find(({ steps = [] }) => steps.some(({ run }) => /pnpm release/.test(run)));
  if (!job) return ['no job of release.yml runs `pnpm release`'];
  return [
    job.permissions?.['id-token'] === 'write' ? '' : 'its token cannot sign (id-token: write)',
    job.env?.NPM_CONFIG_PROVENANCE === 'true' ? '' : 'NPM_CONFIG_PROVENANCE is not set',
    job.environment ? '' : 'no environment protects it',
  ].filter(Boolean);
}

/** In a workflow, manifests ask npm for a statement of where they were built, and name the repository that it is compared with. */
export async function provenance(context) {
  const file = join(context.copy, '.github/workflows/release.yml');
  const problems = existsSync(file)
    ? workflowProblems(readFileSync(file, 'utf8'))
    : ['there is no release.yml'];
  const folder = join(context.work, 'in-a-workflow');
  mkdirSync(folder, { recursive: true });
  const { manifest, path } = context.packages.find(({ name }) => name === 'bits');
  const env = { ...context.cleanEnvironment, GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'someone/fork' }; // prettier-ignore
  await run('pnpm', ['pack', '--pack-destination', folder], { cwd: path, env, log: context.log });
  await run('tar', ['-xzf', tarballOf(folder, manifest), '-C', folder], { cwd: folder });
  const packed = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'));
  if (packed.publishConfig?.provenance !== true) problems.push('manifests do not ask for provenance');
  if (packed.publishConfig?.access !== 'public') problems.push('packages are not public');
  if (packed.repository?.url !== 'git+https://github.com/someone/fork.git' || packed.repository.directory !== 'packages/bits') problems.push(`manifests name the repository ${JSON.stringify(packed.repository)}`); // prettier-ignore
  none(problems);
  return 'release.yml signs; manifests name their repository there';
}
