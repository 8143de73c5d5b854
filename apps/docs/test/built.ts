// Builds the site with the demo once for all tests, into a folder that is not in git, and with the API pages of two packages;
// BITGRAD_FULL=1 builds those of all, as `pnpm site` does. `npm test` has it built before the tests, beside its checks.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { built } from '@bitgrad/tooling/processes';
import { buildOnce } from '@bitgrad/tooling/production';
import { full } from '@bitgrad/tooling/endurance';
import { buildDocs } from '../src/build.js';
import { root } from '../src/repository.js';

/** Where the tests find the built site. */
export const siteFolder = fileURLToPath(new URL('../artifacts/site', import.meta.url));

/** Vitest's global setup. */
export default async function setup(): Promise<void> {
  await buildOnce('SITE', async () => {
    await buildDocs({ out: siteFolder, api: full ? 'all' : ['bits', 'runtime'], demo: !built });
    // It runs below any path.
    if (built) cpSync(`${root}apps/demo/dist`, `${siteFolder}/demo`, { recursive: true });
  });
}

if (import.meta.filename === process.argv[1]) await setup();
