// Builds the site with the demo once for all tests, into a folder that is not in git, and with the API pages of two packages;
// BITGRAD_FULL=1 builds those of all, as `pnpm site` does.
import { fileURLToPath } from 'node:url';
import { buildDocs } from '../src/build.js';

/** Where the tests find the built site. */
export const siteFolder = fileURLToPath(new URL('../artifacts/site', import.meta.url));

const full = process.env['BITGRAD_FULL'] === '1';

/** Vitest's global setup. */
export default async function setup(): Promise<void> {
  // Vitest says "test", and Vite would build what is meant for development.
  const { NODE_ENV } = process.env;
  process.env['NODE_ENV'] = 'production';
  try {
    await buildDocs({ out: siteFolder, api: full ? 'all' : ['bits', 'runtime'], demo: true });
  } finally {
    process.env['NODE_ENV'] = NODE_ENV;
  }
}
