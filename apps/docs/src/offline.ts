// The service worker of the site, which is the demo's with other files: those that every page needs are kept at the first
// visit, pages when they are opened. The demo beside the pages has its own.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { filledIn } from '../../demo/build/offline.js';
import { root } from './repository.js';

/** What is kept from the first visit on: front page, start page, the theme and its search. */
const always = (name: string): boolean =>
  /^(icon\.svg|start\.html|vp-icons\.css|assets\/(app|style|index\.md|start\.md)[^/]*|assets\/chunks\/(?!@local|virtual_api).*)$/.test(
    name,
  );

/** Writes `sw.js` into a built site. */
export async function writeWorker(out: string): Promise<void> {
  const names =
    (readdirSync(out, { recursive: true, withFileTypes: true }) as { isFile(): boolean; parentPath: string; name: string }[]) // prettier-ignore
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(out.length + 1))
      .filter((name) => !name.startsWith('demo/') && name !== 'sw.js')
      .sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(name).update(readFileSync(join(out, name)));
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      lib: { entry: `${root}apps/demo/src/service-worker.ts`, formats: ['iife'], name: 'worker' },
    },
  });
  const [{ output }] = [built].flat() as unknown as [{ output: readonly { code?: string }[] }];
  const cache = `bitgrad-site:${hash.digest('hex').slice(0, 12)}`;
  writeFileSync(
    join(out, 'sw.js'),
    filledIn(output[0]!.code!, ['./', ...names.filter(always)], cache, ['demo/']),
  );
}
