// What stands in the sidebars, in its order. A page that no link leads to is an error (test/links.test.ts).
import type { DefaultTheme } from 'vitepress';
import { packageFolders, read, zooModels } from './repository.js';

type Item = DefaultTheme.SidebarItem;

const item = (text: string, link: string): Item => ({ text, link });

const guides: Item[] = [
  {
    text: 'Start',
    items: [
      item('In five minutes', '/start'),
      item('Your pictures, sounds, tables', '/guide/your-data'),
      item('Your own training loop', '/guide/training-loop'),
      item('Choose a quantizer', '/guide/quantizers'),
      item('Zoo', '/zoo/'),
    ],
  },
  {
    text: 'Deploy',
    items: [
      item('Place by place', '/deploy/'),
      item('Microcontrollers', '/deploy/microcontrollers'),
      item('Numerics and guarantees', '/guide/numerics'),
      item('Results', '/results'),
    ],
  },
  {
    text: 'Coming from',
    items: [item('Larq', '/from/larq'), item('Keras', '/from/keras'), item('PyTorch', '/from/pytorch')],
  },
  {
    text: 'Extend',
    items: [
      item('Your first plugin', '/extend/first-plugin'),
      item('A plugin', '/extend/'),
      item('A backend or an engine', '/extend/backend'),
      item('An op', '/extend/op'),
      item('An importer', '/extend/importer'),
      item('Contributing', '/extend/contributing'),
    ],
  },
];

const reference: Item[] = [
  {
    text: 'Reference',
    items: [
      item('Packages', '/packages/'),
      item('The file format', '/reference/format'),
      item('What stays the same', '/reference/compatibility'),
      item('Mathematics', '/reference/math'),
      item('Design', '/reference/design'),
      item('Comparisons', '/reference/bench'),
      item('Comparisons on many machines', '/guide/many-machines'),
      item('Examples', '/reference/examples'),
      item('The demo', '/reference/demo'),
    ],
  },
];

const packages: Item[] = [
  {
    text: 'Packages',
    items: packageFolders.map((name) =>
      item((JSON.parse(read(`packages/${name}/package.json`)) as { name: string }).name, `/packages/${name}`),
    ),
  },
];

const zoo: Item[] = [{ text: 'Zoo', items: zooModels.map((name) => item(name, `/zoo/${name}`)) }];

/**
 * The sidebars, by the address that they are for: groups that open and close are not, in this theme, for those who use a
 * keyboard or a screen reader, and all packages in one list are long.
 * @param api the entries that have API pages
 */
export const sidebars = (api: readonly Item[]): DefaultTheme.SidebarMulti => ({
  '/packages/': [...packages, ...guides],
  '/api/': [{ text: 'API', items: [...api] }, ...guides],
  '/zoo/': [...zoo, ...guides],
  '/': [...guides, ...reference],
});

/** The head of every page. */
export const navigation = (api: readonly unknown[]): DefaultTheme.NavItem[] => [
  { text: 'Start', link: '/start' },
  { text: 'Packages', link: '/packages/' },
  { text: 'Results', link: '/results' },
  ...(api.length > 0 ? [{ text: 'API', link: '/api/' }] : []),
  // Another app: no page of this site, so it is loaded and not routed to.
  { text: 'Demo', link: '/demo/index.html', target: '_self' },
];
