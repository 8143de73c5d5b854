// The templates as they are published: their files, with the versions of this release in place of those that only a
// workspace understands.
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const own = new URL('../package.json', import.meta.url);
const workspace = fileURLToPath(new URL('../../../pnpm-workspace.yaml', import.meta.url));

/** Versions of the catalog, by name. */
const catalog = () => {
  const [, section] = /^catalog:\n((?: {2}.*\n)+)/m.exec(readFileSync(workspace, 'utf8'));
  return Object.fromEntries(
    [...section.matchAll(/^ {2}'?([^':]+)'?: (\S+)$/gm)].map(([, name, version]) => [name, version]),
  );
};

/**
 * A manifest's text with versions that npm understands: all packages of ours share one.
 * @param {string} text of package.json
 */
export function withVersions(text) {
  const { version } = JSON.parse(readFileSync(own, 'utf8'));
  const versions = catalog();
  return text.replace(/"([^"]+)": "(workspace:\^|catalog:)"/g, (_, name, kind) => {
    const wanted = kind === 'catalog:' ? versions[name] : `^${version}`;
    if (!wanted) throw new RangeError(`${name} is not in the catalog of pnpm-workspace.yaml`);
    return `"${name}": "${wanted}"`;
  });
}

/**
 * @param {string} from
 * @param {string} to replaced
 */
export function writeTemplates(from, to) {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, filter: (path) => !/node_modules|[\\/]dist$/.test(path) });
  for (const name of readdirSync(to)) {
    const manifest = join(to, name, 'package.json');
    writeFileSync(manifest, withVersions(readFileSync(manifest, 'utf8')));
  }
}
