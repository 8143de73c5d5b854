// `pnpm site`: pages, API, site, demo, in this order. `--no-api` and `--no-demo` leave those out; `--out DIR` says where to.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build as buildApp } from 'vite';
import { build as buildSite } from 'vitepress';
import { writeApi } from './api.js';
import { writeWorker } from './offline.js';
import { writePages } from './pages.js';
import { app, root } from './repository.js';

/** What is built, and where to. */
export interface SiteOptions {
  /** Folder of the built site. */
  readonly out: string;
  /** Folders of the packages whose API pages are made; `all` of them. */
  readonly api: readonly string[] | 'all';
  readonly demo: boolean;
}

/** Builds the site. */
export async function buildDocs({ out, api, demo }: SiteOptions): Promise<void> {
  writePages(process.env['BITGRAD_REPOSITORY']);
  if (api === 'all') await writeApi(`${app}generated/api`);
  else if (api.length > 0) await writeApi(`${app}generated/api`, api);
  process.env['BITGRAD_SITE'] = out;
  await buildSite(app, { outDir: out });
  await writeWorker(out);
  if (!demo) return;
  await buildApp({
    root: `${root}apps/demo`,
    logLevel: 'warn',
    build: { outDir: `${out}/demo`, emptyOutDir: true },
  });
}

if (import.meta.filename === process.argv[1]) {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: `${app}dist` },
      'no-api': { type: 'boolean' },
      'no-demo': { type: 'boolean' },
    },
  });
  await buildDocs({ out: resolve(values.out), api: values['no-api'] ? [] : 'all', demo: !values['no-demo'] });
}
