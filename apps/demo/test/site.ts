// Builds the page once for all tests, into a folder that is not in git; does nothing where no test could use it.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { chromiumPath } from './chromium.js';

/** Where the tests find the built page. */
export const siteFolder = fileURLToPath(new URL('../artifacts/site', import.meta.url));

/** Vitest's global setup. */
export default async function setup(): Promise<void> {
  if (!chromiumPath()) return;
  const root = fileURLToPath(new URL('..', import.meta.url));
  // Vitest says "test", and Vite would build what is meant for development.
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production';
  try {
    await build({ root, logLevel: 'error', build: { outDir: siteFolder, emptyOutDir: true } });
  } finally {
    process.env.NODE_ENV = NODE_ENV;
  }
}
