// What is looked at once packages are published: a project with all of them, its licences, its parts, known weaknesses.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import satisfies from 'spdx-satisfies';
import { startRegistry } from './registry.mjs';
import { run } from './run.mjs';
import { tarballOf } from './source.mjs';
import { none } from './tarballs.mjs';

const isOurs = (name) => /^(@bitgrad\/.+|bitgrad|create-bitgrad)$/.test(name);

/** `pnpm release` into a registry of this process: the binary, then all that changesets publishes. */
export async function publish(context) {
  const upstream = (await run('npm', ['config', 'get', 'registry'], { cwd: context.work })).trim();
  context.upstream = upstream;
  context.registry = await startRegistry({ upstream, isOurs, settings: join(context.work, 'npmrc') });
  const env = { ...context.cleanEnvironment, ...context.registry.environment };
  const options = { cwd: context.copy, log: context.log, env };
  if (context.binary)
    await run('npm', ['publish', tarballOf(context.tarballs, context.binary), '--access', 'public'], options);
  await run('pnpm', ['changeset', 'publish', '--no-git-tag'], options);
  const published = context.registry.published;
  none(
    context.manifests
      .filter(({ name, version }) => published.get(name)?.['dist-tags'].latest !== version)
      .map(({ name, version }) => `${name}@${version} is not what the registry has as "latest"`),
  );
  return `${published.size} packages, each as "latest"`;
}

/** Peers that download binaries from elsewhere when they are installed, or are there for a GPU only. */
const notInstalled = ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'];

/** A project of a user with every package, from the registry. */
export async function install(context) {
  const project = join(context.work, 'project');
  mkdirSync(project, { recursive: true });
  const ours = Object.fromEntries(context.packages.map(({ manifest }) => [manifest.name, context.version]));
  const peers = {};
  for (const { manifest } of context.packages)
    for (const [name, range] of Object.entries(manifest.peerDependencies ?? {}))
      if (!isOurs(name) && !notInstalled.includes(name)) peers[name] = range.replace('catalog:', '*');
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'rehearsal', version: '1.0.0', type: 'module', dependencies: { ...ours, ...peers } }, null, 2)); // prettier-ignore
  const env = { ...context.cleanEnvironment, ...context.registry.environment };
  await run('npm', ['install', '--loglevel=error'], { cwd: project, log: context.log, env });
  context.project = project;
  const entries = context.packages.flatMap(({ manifest }) =>
    Object.entries(manifest.exports)
      .filter(([, target]) => typeof target === 'object')
      .map(([key]) => manifest.name + key.slice(1)),
  );
  // Test suites are run by vitest, and are imported there (templates).
  const here = entries.filter((entry) => !entry.startsWith('@bitgrad/testkit'));
  const code = `for (const name of ${JSON.stringify(here)}) {
    const loaded = await import(name).catch((error) => { throw new Error(name + ': ' + error.message, { cause: error }); });
    if (Object.keys(loaded).length === 0) throw new Error(name + ' exports nothing');
  }`;
  await run(process.execPath, ['--input-type=module', '-e', code], { cwd: project, log: context.log });
  return `${here.length} entries of ${context.packages.length} packages are imported`;
}

/** Licences under which others may be given what we depend on, unchanged, without more than naming them. */
const allowed = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'MIT-0', 'MPL-2.0', 'NIST-Software', 'Python-2.0', 'Unlicense']; // prettier-ignore

/** Licences of packages whose manifests do not say them, or not as SPDX has them: looked up by hand, with where. */
const lookedUp = {
  // Its LICENSE.txt: NIST's, and HDF5's for what is compiled into it.
  h5wasm: 'NIST-Software AND BSD-3-Clause',
};

const licenceOf = (component) =>
  lookedUp[component.name] ??
  (component.licenses ?? [])
    .map(({ license, expression }) => expression ?? license?.id ?? license?.name)
    .join(' AND ');

/** Whether an SPDX expression can be met by the licences that are allowed. */
export function isAllowed(expression) {
  try {
    return satisfies(expression, allowed);
  } catch {
    // No expression, such as "SEE LICENSE IN ...".
    return false;
  }
}

/** Components of a list of parts whose licence is none of those that are allowed. */
export const licenceProblems = ({ components }) =>
  components
    .filter((component) => !isAllowed(licenceOf(component)))
    .map((component) => `${component.name}@${component.version}: ${licenceOf(component) || 'no licence'}`);

/** What is wrong with a list of parts. */
export const sbomProblems = (sbom, manifests) => [
  ...(sbom.bomFormat === 'CycloneDX' && /^1\.[5-9]$/.test(sbom.specVersion) ? [] : ['it is no CycloneDX 1.5']), // prettier-ignore
  ...manifests
    .filter(
      ({ name, version }) =>
        !sbom.components.some(
          (part) =>
            (part.group ? `${part.group}/${part.name}` : part.name) === name && part.version === version,
        ),
    ) // prettier-ignore
    .map(({ name, version }) => `${name}@${version} is not in it`),
  ...sbom.components.filter(({ purl }) => !purl?.startsWith('pkg:npm/')).map(({ name }) => `${name} has no address`), // prettier-ignore
  ...sbom.components
    .filter(({ hashes, name }) => !isOurs(name) && !(hashes?.length > 0))
    .map(({ name }) => `${name} has no hash`),
];

/** The parts of a release, by npm: CycloneDX, beside the other results. */
export async function sbom(context) {
  const text = await run('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], { cwd: context.project }); // prettier-ignore
  writeFileSync(join(context.out, 'sbom.cdx.json'), text);
  context.sbom = JSON.parse(text);
  none(
    sbomProblems(
      context.sbom,
      context.packages.map(({ manifest }) => manifest),
    ),
  );
  return `${context.sbom.components.length} parts in sbom.cdx.json`;
}

/** Everything that comes with our packages may be used by everyone. */
export async function licences(context) {
  none(licenceProblems(context.sbom));
  const kinds = new Set(context.sbom.components.map(licenceOf));
  return [...kinds].sort().join(', ');
}

/** Levels of npm, from the least. */
const levels = ['info', 'low', 'moderate', 'high', 'critical'];

/** What an audit says that is as bad as a level, or worse. */
export const auditProblems = ({ vulnerabilities }, level) =>
  Object.values(vulnerabilities)
    .filter(({ severity }) => levels.indexOf(severity) >= levels.indexOf(level))
    .map(({ name, severity, range }) => `${name} ${range}: ${severity}`);

/** `npm audit` of the same project, where the registry offers it. */
export async function audit(context) {
  const args = ['audit', '--json', '--omit', 'dev', '--registry', context.upstream];
  // It ends with 1 for weaknesses and for a registry without the service.
  const options = { cwd: context.project, log: context.log, limitMs: 120_000, anyEnd: true };
  const report = JSON.parse((await run('npm', args, options)) || '{}');
  if (!report.vulnerabilities) return { skipped: `the registry ${context.upstream} offers no audit (${report.message ?? 'no answer'})` }; // prettier-ignore
  none(auditProblems(report, context.auditLevel));
  return `nothing of level ${context.auditLevel} or worse`;
}
