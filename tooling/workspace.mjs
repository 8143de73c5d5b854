// The packages and apps of this repository, for tests and scripts that walk them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** @param {...string} parents folders such as 'packages'; @returns {{ name: string, folder: string, path: string, manifest: any }[]} */
export const workspacePackages = (...parents) =>
  (parents.length > 0 ? parents : ['packages', 'apps']).flatMap((parent) =>
    (existsSync(root + parent) ? readdirSync(root + parent) : [])
      .filter((folder) => existsSync(`${root}${parent}/${folder}/package.json`))
      .map((folder) => {
        const path = `${root}${parent}/${folder}/`;
        return {
          name: folder,
          folder: `${parent}/${folder}`,
          path,
          manifest: JSON.parse(readFileSync(`${path}package.json`, 'utf8')),
        };
      }),
  );

/** Where a plugin's source states its version: groups of what comes before it, and of the version. */
export const statedVersion = /(definePlugin\(\{[^}]*?\bversion: ')([^']*)'/g;

export { root };
