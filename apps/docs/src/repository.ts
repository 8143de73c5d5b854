// Where things are in this repository.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository, with a slash at the end. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The folder of this app, with a slash at the end. */
export const app = fileURLToPath(new URL('../', import.meta.url));

/** The text of a file of the repository. */
export const read = (path: string): string => readFileSync(root + path, 'utf8');

const foldersWith = (parent: string, file: string): string[] =>
  readdirSync(root + parent)
    .filter((name) => existsSync(`${root}${parent}/${name}/${file}`))
    .sort();

/** Folders of packages, by name. */
export const packageFolders = foldersWith('packages', 'README.md');

/** Models of the zoo, by name. */
export const zooModels = foldersWith('packages/zoo/models', 'card.json');

/** Documents of the repository that are pages as they stand: where they are, and the page. */
export const documents: Readonly<Record<string, string>> = {
  'CONTRIBUTING.md': 'extend/contributing.md',
  'docs/compatibility.md': 'reference/compatibility.md',
  'docs/design.md': 'reference/design.md',
  'docs/math.md': 'reference/math.md',
  'docs/results.md': 'results.md',
  'packages/runtime/FORMAT.md': 'reference/format.md',
  'apps/bench/README.md': 'reference/bench.md',
  'apps/demo/README.md': 'reference/demo.md',
  'examples/README.md': 'reference/examples.md',
  ...Object.fromEntries(packageFolders.map((name) => [`packages/${name}/README.md`, `packages/${name}.md`])),
  ...Object.fromEntries(zooModels.map((name) => [`packages/zoo/models/${name}/README.md`, `zoo/${name}.md`])),
};
