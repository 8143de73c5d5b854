// Builds the site once for all tests, into a folder that is not in git: with the API pages of two packages, and without the
// demo, which has tests of its own. BITGRAD_FULL=1 builds all of it, as `pnpm site` does.
import { fileURLToPath } from 'node:url';
import { buildDocs } from '../src/build.js';

/** Where the tests find the built site. */
export const siteFolder = fileURLToPath(new URL('../artifacts/site', import.meta.url));

/** Whether everything was built. */
export const full = process.env['BITGRAD_FULL'] === '1';

/** Vitest's global setup. */
export default async function setup(): Promise<void> {
  // Vitest says "test", and Vite would build what is meant for development.
  const { NODE_ENV } = process.env;
  process.env['NODE_ENV'] = 'production';
  try {
    await buildDocs({ out: siteFolder, api: full ? 'all' : ['bits', 'runtime'], demo: full });
  } finally {
    process.env['NODE_ENV'] = NODE_ENV;
  }
}
