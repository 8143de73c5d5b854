// Writes the list of files to keep for offline use into the service worker, with a name that changes with them.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import type { Plugin } from 'vite';

/** Fetched only on request, and kept then. */
const optional = ['digits-float.bin'];

/**
 * The service worker of some files.
 * @param code of src/service-worker.ts, built
 * @param files that it keeps from the beginning, relative to it; @param cache such as `bitgrad-demo:5f2c`, changes with them
 * @param others folders that it leaves alone
 */
export const filledIn = (
  code: string,
  files: readonly string[],
  cache: string,
  others: readonly string[] = [],
): string =>
  code
    .replace('__FILES__', JSON.stringify(files))
    .replace('__CACHE__', JSON.stringify(cache))
    .replace('__OTHERS__', JSON.stringify(others));

/** Fills in the service worker of the demo. */
export function offline(): Plugin {
  let publicFolder = '';
  return {
    name: 'demo:offline',
    apply: 'build',
    configResolved: (config) => {
      publicFolder = config.publicDir;
    },
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const worker = bundle['sw.js'];
        if (worker?.type !== 'chunk') this.error('the service worker is not in the bundle');
        const own = readdirSync(publicFolder).filter((name) => !optional.includes(name));
        const built = Object.keys(bundle).filter((name) => name !== 'sw.js' && !name.startsWith('.vite'));
        const hash = createHash('sha256');
        for (const name of built.sort()) {
          const item = bundle[name]!;
          hash.update(name).update(item.type === 'chunk' ? item.code : item.source);
        }
        for (const name of own.sort()) hash.update(name).update(readFileSync(`${publicFolder}/${name}`));
        const files = ['./', ...built.filter((name) => name !== 'index.html'), ...own];
        worker.code = filledIn(worker.code, files, `bitgrad-demo:${hash.digest('hex').slice(0, 12)}`);
      },
    },
  };
}
