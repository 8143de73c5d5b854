// docs/design.md's table of packages, from their manifests: `pnpm package-table` writes it, a test compares it.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { root, workspacePackages } from '../workspace.mjs';

const short = (name) => name.replace(/^@(bitgrad|tensorflow)\//, '');
const list = (names) => names.map(short).sort().join(', ') || '-';

/** Packages and apps, each after what it imports; apps last. */
export function packageTable() {
  const left = workspacePackages().map(({ folder, manifest }) => ({ folder, ...manifest }));
  const names = new Set(left.map(({ name }) => name));
  const imports = ({ dependencies = {} }) => Object.keys(dependencies).filter((name) => names.has(name));
  const rows = [];
  while (left.length > 0) {
    const waiting = new Set(left.map(({ name }) => name));
    const at = left.findIndex((p) => imports(p).every((name) => !waiting.has(name)));
    const [next] = left.splice(at, 1);
    const peers = Object.keys(next.peerDependencies ?? {});
    rows.push(`| ${next.folder} | ${next.description} | ${list(imports(next))} | ${list(peers)} |`);
  }
  return ['| folder | what it is | imports | peers |', '| - | - | - | - |', ...rows].join('\n');
}

const marks = /(<!-- packages: written by `pnpm package-table` -->\n)[^]*?(\n<!-- \/packages -->)/;

/** The document with this table between its marks. */
export const withTable = (text, table) =>
  text.replace(marks, (_, begin, end) => `${begin}\n${table}\n${end}`);

/** The table that stands in the document, without the spaces that align it. */
export const tableIn = (text) =>
  text
    .match(marks)?.[0]
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.replace(/ +/g, ' ').replace(/-+/g, '-'))
    .join('\n');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = `${root}docs/design.md`;
  writeFileSync(path, withTable(readFileSync(path, 'utf8'), packageTable()));
  execFileSync(`${root}node_modules/.bin/prettier`, ['--write', '--log-level', 'warn', path], {
    stdio: 'inherit',
  });
}
