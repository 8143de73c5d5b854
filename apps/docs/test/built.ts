// Builds the site with the demo once for all tests, into a folder that is not in git, and with the API pages of two packages;
// BITGRAD_FULL=1 builds those of all, as `pnpm site` does.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { built } from '@bitgrad/tooling/processes';
import { buildDocs } from '../src/build.js';
import { root } from '../src/repository.js';

/** Where the tests find the built site. */
export const siteFolder = fileURLToPath(new URL('../artifacts/site', import.meta.url));

const full = process.env['BITGRAD_FULL'] === '1';

/** Vitest's global setup. */
export default async function setup(): Promise<void> {
  // Two projects of one run ask for it.
  if (process.env['BITGRAD_SITE_BUILT']) return;
  process.env['BITGRAD_SITE_BUILT'] = '1';
  // Vitest says "test", and Vite would build what is meant for development.
  const { NODE_ENV } = process.env;
  process.env['NODE_ENV'] = 'production';
  try {
    await buildDocs({ out: siteFolder, api: full ? 'all' : ['bits', 'runtime'], demo: !built });
    // It runs below any path.
    if (built) cpSync(`${root}apps/demo/dist`, `${siteFolder}/demo`, { recursive: true });
  } finally {
    process.env['NODE_ENV'] = NODE_ENV;
  }
}
