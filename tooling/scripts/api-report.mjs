// What programs and plugins of others rely on, by name: `pnpm api-report` writes it into tooling/api, a test compares it
// (tooling/test/api.test.ts). Read from the syntax alone, so that it takes a second: every entry lists what it exports.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { root, workspacePackages } from '../workspace.mjs';

const folder = `${root}tooling/api/`;

/** What implementations are given, or have made for them by `definePlugin`: they may be given more. */
const given = [
  'ExecutableOptions',
  'LatentAccess',
  'Plugin',
  'QuantizeContext',
  'QuantizerSite',
  'TrainingClock',
];

/** Files whose interfaces others implement: a member that becomes required breaks them. */
const contractFiles = () => [
  ...readdirSync(`${root}packages/core/src/contracts`).map((name) => `packages/core/src/contracts/${name}`),
  'packages/runtime/src/engine.ts',
];

const parse = (file) =>
  ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, /* setParentNodes */ true);
const isExported = (node) =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
const isDefault = (node) =>
  (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);

/** What a declaration of a module exports: `value name`, `type name`. */
function declared(node) {
  if (!isExported(node)) return [];
  if (isDefault(node)) return ['value default'];
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations.map(({ name }) => `value ${name.getText()}`);
  const isType = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
  return node.name ? [`${isType ? 'type' : 'value'} ${node.name.text}`] : [];
}

/**
 * What a module exports, in no order.
 * @param {string} file
 * @returns {string[]} `value name` and `type name`
 */
export const exportsOf = (file) =>
  parse(file).statements.flatMap((node) => {
    if (ts.isExportAssignment(node)) return ['value default'];
    if (!ts.isExportDeclaration(node)) return declared(node);
    if (!node.exportClause) {
      const from = node.moduleSpecifier.text;
      // All of another package's: its own report lists them.
      if (!from.startsWith('.')) return [`value * from ${from}`];
      return exportsOf(join(dirname(file), from.replace(/\.js$/, '.ts')));
    }
    if (ts.isNamespaceExport(node.exportClause)) return [`value ${node.exportClause.name.text}`];
    return node.exportClause.elements.map(
      ({ name, isTypeOnly }) => `${node.isTypeOnly || isTypeOnly ? 'type' : 'value'} ${name.text}`,
    );
  });

const isInternal = (node) => ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal');

/**
 * The members of the exported interfaces of a file that others implement.
 * @param {string} file
 * @returns {string[]} `required Interface.member`, `optional Interface.member`
 */
export const membersOf = (file) =>
  parse(file)
    .statements.filter((node) => ts.isInterfaceDeclaration(node) && isExported(node))
    .flatMap(({ name, members }) =>
      members
        .filter((member) => member.name && !isInternal(member))
        .map(
          (member) =>
            `${member.questionToken ? 'optional' : 'required'} ${name.text}.${member.name.getText()}`,
        ),
    );

/** Every report by the name of its file, without `.txt`: lines, sorted. */
export function apiReports() {
  const reports = {};
  for (const { name, path, manifest } of workspacePackages('packages')) {
    const entries = Object.entries(manifest.exports).filter(([, target]) => /\.tsx?$/.test(target['@bitgrad/source'] ?? '') && !target['@bitgrad/source'].includes('generated')); // prettier-ignore
    reports[name] = entries.flatMap(([key, target]) =>
      exportsOf(path + target['@bitgrad/source']).map((line) => `${manifest.name}${key.slice(1)} ${line}`),
    );
  }
  reports.contracts = contractFiles().flatMap((file) =>
    membersOf(root + file).map((line) => `${file} ${line}`),
  );
  for (const [name, lines] of Object.entries(reports)) reports[name] = [...new Set(lines)].sort();
  return reports;
}

/** The reports that are kept. */
export const recordedReports = () =>
  Object.fromEntries(
    (existsSync(folder) ? readdirSync(folder) : []).map((file) => [
      file.replace('.txt', ''),
      readFileSync(folder + file, 'utf8')
        .trim()
        .split('\n'),
    ]),
  );

/**
 * How the present API differs from the recorded one.
 * @param {Record<string, string[]>} recorded
 * @param {Record<string, string[]>} now
 * @returns {{ breaking: string[], added: string[] }} lines with the name of their report in front
 */
export function compareApi(recorded, now) {
  const [breaking, added] = [[], []];
  for (const name of new Set([...Object.keys(recorded), ...Object.keys(now)])) {
    const [before, after] = [recorded[name] ?? [], now[name] ?? []];
    for (const line of before) if (!after.includes(line)) breaking.push(`${name}: gone: ${line}`);
    for (const line of after.filter((line) => !before.includes(line))) {
      // Whoever implements an interface that is new does so from now on.
      const known = (owner) => before.some((other) => other.split(' ').at(-1).startsWith(`${owner}.`));
      const [, kind, member = ''] = line.split(' ');
      const [owner] = member.split('.');
      const asked = name === 'contracts' && kind === 'required' && known(owner) && !given.includes(owner);
      (asked ? breaking : added).push(`${name}: ${asked ? 'asked of everyone' : 'new'}: ${line}`);
    }
  }
  return { breaking, added };
}

/** What to do about a difference. */
export const whatToDo = `An export that is gone, or a member that contracts now require, breaks programs and plugins of others (docs/compatibility.md).
Keep the old beside the new and mark it @deprecated; or, where that cannot be, write a changeset that says what to write in
its place, of level "major" (while versions begin with 0: "minor"), then run \`pnpm api-report --breaking\`.
What is only new: \`pnpm api-report\`.`;

/** The level that a changeset of a breaking change has to have. */
export const breakingLevel = (version) => (version.startsWith('0.') ? 'minor' : 'major');

/** Whether a changeset's text announces a change of at least a level, for any package. */
export const announces = (text, level) =>
  (/^---\n([\s\S]*?)\n---/.exec(text)?.[1] ?? '')
    .split('\n')
    .some((line) => line.endsWith(': major') || line.endsWith(`: ${level}`));

const levelAnnounced = () => {
  const { version } = JSON.parse(readFileSync(`${root}packages/core/package.json`, 'utf8'));
  const level = breakingLevel(version);
  const sets = readdirSync(`${root}.changeset`).filter((name) => name.endsWith('.md'));
  return sets.some((name) => announces(readFileSync(`${root}.changeset/${name}`, 'utf8'), level)) || level;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const now = apiReports();
  const { breaking, added } = compareApi(recordedReports(), now);
  for (const line of [...breaking, ...added]) process.stdout.write(`${line}\n`);
  const level = levelAnnounced();
  if (breaking.length > 0 && (!process.argv.includes('--breaking') || level !== true)) {
    const missing = level === true ? '' : `\n.changeset/ has no change of level "${level}" yet.`;
    process.stderr.write(`\n${whatToDo}${missing}\nNothing was written.\n`);
    process.exit(1);
  }
  mkdirSync(folder, { recursive: true });
  for (const [name, lines] of Object.entries(now))
    writeFileSync(`${folder}${name}.txt`, `${lines.join('\n')}\n`);
  process.stdout.write(`${Object.values(now).flat().length} names in tooling/api\n`);
}
