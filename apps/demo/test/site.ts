// The page, built once for all tests (by `npm test` before them), in a folder that is not in git; nothing where no test could use
// it.
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromiumMissing } from '@bitgrad/tooling/chromium';
import { built } from '@bitgrad/tooling/processes';
import { buildOnce } from '@bitgrad/tooling/production';
import { build } from 'vite';

/** Where the tests find the built page. */
export const siteFolder = fileURLToPath(new URL('../artifacts/site', import.meta.url));

/** Vitest's global setup. */
export default async function setup(): Promise<void> {
  if (chromiumMissing()) return;
  const root = fileURLToPath(new URL('..', import.meta.url));
  await buildOnce('DEMO', async () => {
    if (!built) await build({ root, logLevel: 'error', build: { outDir: siteFolder, emptyOutDir: true } });
    else {
      rmSync(siteFolder, { recursive: true, force: true });
      cpSync(`${root}dist`, siteFolder, { recursive: true });
    }
  });
}

/** A file of the built page, by its name. */
export function builtFile(name: string): Buffer {
  const asset = `${siteFolder}/assets/${name}`;
  return readFileSync(existsSync(asset) ? asset : `${siteFolder}/${name}`);
}

/** Bytes of some files of the built page, each once, as a server sends them. */
export const gzipSizes = (names: readonly string[]): Record<string, number> =>
  Object.fromEntries([...new Set(names)].map((name) => [name, gzipSync(builtFile(name)).length]));
