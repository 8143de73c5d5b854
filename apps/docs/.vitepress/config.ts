// The site: pages that src/build.ts has written into generated/, made into static files without a request to another host.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultClientConditions } from 'vite';
import { defineConfig } from 'vitepress';
import { withoutTfjs } from '../../demo/build/without-tfjs.js';
import { apiEntries } from '../src/api.js';
import { navigation, sidebars } from '../src/navigation.js';
import { withPolicy } from '../src/policy.js';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));
// Those that were built: tests build two packages'. An entry that exports namespaces has a folder.
const api = apiEntries().flatMap(({ name }) => {
  const end = ['', '/index'].find((each) => existsSync(folder(`../generated/api/${name}${each}.md`)));
  return end === undefined ? [] : [{ text: name, link: `/api/${name}${end && '/'}` }];
});

/** The corner of a table of rows and columns is no header: nothing is said of an empty one. */
const emptyHeaders = ({ tokens }: { tokens: { type: string; tag: string; content: string }[] }): void => {
  tokens.forEach((token, i) => {
    if (token.type !== 'th_open' || tokens[i + 1]?.content !== '') return;
    token.tag = 'td';
    tokens[i + 2]!.tag = 'td';
  });
};

export default defineConfig({
  title: 'bitgrad',
  description:
    'Binary neural networks in JavaScript: train them, pack them into one small file, run it anywhere.',
  lang: 'en',
  base: (process.env['BITGRAD_BASE'] ?? '/') as `/${string}/`,
  srcDir: './generated',
  outDir: process.env['BITGRAD_SITE'] ?? './dist',
  cacheDir: './.cache/vitepress',
  // The demo is another app, whose files are put beside the pages.
  ignoreDeadLinks: [/^\/demo\//],
  // Titles that say what the page is, and no address with .html in it on hosts that know to leave it out.
  titleTemplate: ':title | bitgrad',
  head: [['link', { rel: 'icon', href: `${process.env['BITGRAD_BASE'] ?? '/'}icon.svg` }]],
  transformHtml: (html) => withPolicy(html),
  markdown: {
    image: { lazyLoading: true },
    // Those of the default theme are too pale for small letters.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (md) => void md.core.ruler.push('empty-headers', emptyHeaders),
  },
  vite: {
    publicDir: folder('../public'),
    // Its type is of the repository's Vite; VitePress has an older one inside.
    plugins: [withoutTfjs() as never],
    resolve: { conditions: ['@bitgrad/source', ...defaultClientConditions] },
    build: {
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 4000,
      rollupOptions: {
        // Exports of tfjs that the page leaves out on purpose.
        onwarn: (warning, warn) => {
          if (warning.code !== 'SHIMMED_EXPORT') warn(warning);
        },
      },
    },
    server: { fs: { allow: [folder('../../..')] } },
  },
  themeConfig: {
    logo: '/icon.svg',
    nav: navigation(api),
    sidebar: sidebars(api),
    outline: { level: [2, 3] },
    // An index in the site, searched in the page.
    search: { provider: 'local' },
    footer: { message: 'MIT licence. No cookies, no requests to other hosts.' },
  },
});
