// Writes the list of files to keep for offline use into the service worker, with a name that changes with them.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import type { Plugin } from 'vite';

/** Fetched only on request, and kept then. */
const optional = ['digits-float.bin'];

/** Fills in `__FILES__` and `__CACHE__` of the service worker. */
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
        worker.code = worker.code
          .replace('__FILES__', JSON.stringify(files))
          .replace('__CACHE__', JSON.stringify(`bitgrad-demo-${hash.digest('hex').slice(0, 12)}`));
      },
    },
  };
}
