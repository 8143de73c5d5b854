// The page, built once for all tests (by `npm test` before them), in a folder that is not in git; nothing where no test could use
// it.
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromiumMissing } from '@bitgrad/tooling/chromium';
import { built } from '@bitgrad/tooling/processes';
import { build } from 'vite';

/** Where the tests find the built page. */
export const siteFolder = fileURLToPath(new URL('../artifacts/site', import.meta.url));

/** Vitest's global setup. */
export default async function setup(): Promise<void> {
  // Two projects of one run ask for it.
  if (chromiumMissing() || process.env.BITGRAD_DEMO_BUILT) return;
  process.env.BITGRAD_DEMO_BUILT = '1';
  const root = fileURLToPath(new URL('..', import.meta.url));
  if (built) {
    rmSync(siteFolder, { recursive: true, force: true });
    cpSync(`${root}dist`, siteFolder, { recursive: true });
    return;
  }
  // Vitest says "test", and Vite would build what is meant for development.
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production';
  try {
    await build({ root, logLevel: 'error', build: { outDir: siteFolder, emptyOutDir: true } });
  } finally {
    process.env.NODE_ENV = NODE_ENV;
  }
}

/** A file of the built page, by its name. */
export function builtFile(name: string): Buffer {
  const asset = `${siteFolder}/assets/${name}`;
  return readFileSync(existsSync(asset) ? asset : `${siteFolder}/${name}`);
}

/** Bytes of some files of the built page, each once, as a server sends them. */
export const gzipSizes = (names: readonly string[]): Record<string, number> =>
  Object.fromEntries([...new Set(names)].map((name) => [name, gzipSync(builtFile(name)).length]));
