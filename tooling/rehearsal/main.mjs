// `pnpm rehearse`: a whole release, into a registry that ends with it. See CONTRIBUTING.md, "A release".
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../workspace.mjs';
import { audit, install, licences, publish, sbom } from './installed.mjs';
import { examples, templates } from './projects.mjs';
import { rehearse, summary } from './rehearse.mjs';
import { build, copy, pack, version } from './source.mjs';
import { contents, manifests, provenance, sizes, types } from './tarballs.mjs';

/** The steps in their order; `needs` are those without which a step cannot be. */
export const steps = [
  { name: 'copy', what: 'what is committed, in a folder of its own, installed', run: copy },
  { name: 'version', what: 'new versions and changelogs, by changesets', needs: ['copy'], run: version },
  { name: 'build', what: 'code and types', needs: ['version'], run: build },
  { name: 'pack', what: 'tarballs, as npm would get them', needs: ['build'], run: pack },
  { name: 'manifests', what: 'publint, strict', needs: ['pack'], run: manifests },
  { name: 'types', what: 'types under every resolution, are-the-types-wrong', needs: ['pack'], run: types },
  { name: 'sizes', what: 'against tooling/rehearsal/bounds.json', needs: ['pack'], run: sizes },
  {
    name: 'contents',
    what: 'licences, THIRD_PARTY where there are binaries',
    needs: ['pack'],
    run: contents,
  },
  { name: 'provenance', what: 'the workflow signs, manifests say where from', needs: ['pack'], run: provenance }, // prettier-ignore
  { name: 'publish', what: 'into a registry of this process', needs: ['pack'], run: publish },
  { name: 'install', what: 'every package in one project, every entry imported', needs: ['publish'], run: install }, // prettier-ignore
  { name: 'sbom', what: 'the list of parts, CycloneDX', needs: ['install'], run: sbom },
  { name: 'licences', what: 'of everything that is installed with ours', needs: ['sbom'], run: licences },
  { name: 'audit', what: 'known weaknesses, where the registry tells', needs: ['install'], run: audit },
  { name: 'examples', what: 'installed and built, their pages looked at', needs: ['install'], run: examples },
  { name: 'templates', what: 'made, installed, tested and built', needs: ['publish'], run: templates },
];

const help = `Rehearses a release: pnpm rehearse [options]

Copies what is committed, gives it its next version, builds, packs and publishes it into a registry of this process, and
installs every example and template from there. Nothing leaves this machine, and nothing of the checkout changes.

  --out DIR        where the results go: rehearsal.json, sbom.cdx.json, log.txt (default: .cache/rehearsal)
  --only NAMES     these steps, separated by commas, and those that they need
  --skip NAMES     not these, nor what needs them
  --audit LEVEL    the least level of a known weakness that fails: low, moderate, high, critical (default: high)
  --keep           keep the folder of copies and projects, and say where it is
  --json           one JSON object on stdout; progress goes to stderr
  --help

Steps:
${steps.map(({ name, what }) => `  ${name.padEnd(11)} ${what}`).join('\n')}

Exit codes: 0 when nothing failed, 1 when a step did, 2 for wrong options. Needs pnpm, git, and npm's registry; Chromium for
the pages of examples, cargo for the native binary: without them that part is left out, and said.
`;

/** The options of a command line. @throws RangeError for what is wrong with it */
export function optionsOf(args) {
  const string = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const { values } = parseArgs({
    args,
    options: { out: { ...string, default: join(root, '.cache/rehearsal') }, only: string, skip: string, audit: { ...string, default: 'high' }, keep: flag, json: flag, help: flag }, // prettier-ignore
  });
  const names = steps.map(({ name }) => name);
  const listed = (option) => {
    const found = (values[option] ?? '').split(',').filter(Boolean);
    const wrong = found.find((name) => !names.includes(name));
    if (wrong) throw new RangeError(`--${option}: got "${wrong}", expected steps: ${names.join(', ')}`);
    return found;
  };
  const levels = ['low', 'moderate', 'high', 'critical'];
  if (!levels.includes(values.audit))
    throw new RangeError(`--audit: got "${values.audit}", expected ${levels.join(', ')}`);
  return { ...values, only: listed('only'), skip: listed('skip'), out: resolve(values.out) };
}

async function main(args) {
  let options;
  try {
    options = optionsOf(args);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const work = mkdtempSync(join(tmpdir(), 'bitgrad-rehearsal-'));
  mkdirSync(options.out, { recursive: true });
  const say = (text) => (options.json ? process.stderr : process.stdout).write(text);
  // The workflow's repository, and npm's settings of the script that runs this, are not those of the rehearsal.
  const kept = Object.keys(process.env).filter((name) => /^(GITHUB_|ACTIONS_|npm_config_|npm_package_|npm_lifecycle)/i.test(name)); // prettier-ignore
  const context = {
    work,
    out: options.out,
    copy: join(work, 'copy'),
    tarballs: join(work, 'tarballs'),
    log: join(options.out, 'log.txt'),
    auditLevel: options.audit,
    cleanEnvironment: { ...Object.fromEntries(kept.map((name) => [name, undefined])), CI: '1', NO_COLOR: '1', FORCE_COLOR: '0', TURBO_TELEMETRY_DISABLED: '1' }, // prettier-ignore
  };
  writeFileSync(context.log, '');
  try {
    const results = await rehearse(steps, context, options, say);
    const report = { version: context.version, ok: !results.some(({ status }) => status === 'failed'), sizes: context.sizes, steps: results }; // prettier-ignore
    writeFileSync(join(options.out, 'rehearsal.json'), `${JSON.stringify(report, null, 2)}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    say(summary(results, options.out));
    return report.ok ? 0 : 1;
  } finally {
    await context.registry?.close();
    if (options.keep) say(`kept: ${work}\n`);
    else rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) process.exit(await main(process.argv.slice(2)));
