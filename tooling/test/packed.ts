// Packages as npm will have them, for tests that install and use them outside of this repository.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tarballOf } from '../rehearsal/source.mjs';
import { attempt } from '../scripts/pnpm.mjs';
import type { workspacePackages } from '../workspace.mjs';

type Packages = ReturnType<typeof workspacePackages>;

export { tarballOf };

/**
 * Packs packages into a folder.
 * @throws Error for one that was not built: that is not done here, as other tests use what a build replaces
 */
export function pack(packages: Packages, tarballs: string): void {
  for (const { path } of packages)
    for (const file of ['index.js', 'index.d.ts'])
      if (!existsSync(`${path}dist/${file}`))
        throw new Error(`${path}dist/${file} is missing: run \`pnpm build && pnpm build:types\` first`);
  const filters = packages.flatMap(({ manifest }) => ['--filter', manifest.name as string]);
  const line = ['pnpm', '--recursive', ...filters, 'pack', '--pack-destination', tarballs];
  if (attempt(line, { output: 'ignore' }) !== 0) throw new Error('packages cannot be packed');
}

/** What `package.json` of a user's project has to name, so that npm takes packages from their tarballs. */
export const fromTarballs = (packages: Packages, tarballs: string): Record<string, string> =>
  Object.fromEntries(
    packages.map(({ manifest }) => [manifest.name, `file:${tarballOf(tarballs, manifest)}`]),
  );

/** The bytes of all files below a folder. */
export const bytesBelow = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + readFileSync(join(entry.parentPath, entry.name)).length, 0);
