// Every link of every built page leads somewhere: to a page, a file, and where it names a place on it, to that place.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { siteFolder } from './built.js';

const pages = (readdirSync(siteFolder, { recursive: true }) as string[])
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.html') && !path.startsWith('demo/'));
const html = new Map(pages.map((page) => [page, readFileSync(join(siteFolder, page), 'utf8')]));
const places = new Map(
  [...html].map(([page, text]) => [
    page,
    new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!)),
  ]),
);

/** The file that a host serves for a path. */
const fileOf = (pathname: string): string => {
  const path = decodeURI(pathname).slice(1);
  return path === '' || path.endsWith('/') ? `${path}index.html` : path;
};

/** What is wrong with a link of a page; nothing where it leads somewhere. */
function wrong(page: string, href: string): string | undefined {
  const url = new URL(href.replaceAll('&amp;', '&'), `http://site/${page}`);
  // Pages of others are named for people: nothing here loads them (pages.test.ts).
  if (url.host !== 'site') return url.protocol === 'https:' ? undefined : 'neither here nor https';
  const file = fileOf(url.pathname);
  if (!existsSync(join(siteFolder, file))) return 'no such file';
  const place = decodeURIComponent(url.hash.slice(1));
  return place && places.has(file) && !places.get(file)!.has(place) ? 'no such place on the page' : undefined;
}

it('no link is dead, and no anchor', () => {
  expect(pages).toContain('index.html');
  const dead = [...html].flatMap(([page, text]) =>
    [...text.matchAll(/<a\s[^>]*?href="([^"]+)"/g)].flatMap(([, href]) => {
      const reason = wrong(page, href!);
      return reason ? [`${page}: ${href}: ${reason}`] : [];
    }),
  );
  expect([...new Set(dead)]).toEqual([]);
});

it('a dead link would be found', () => {
  expect(wrong('index.html', '/nowhere.html')).toBe('no such file');
  expect(wrong('index.html', '/start.html#nowhere')).toBe('no such place on the page');
  expect(wrong('index.html', '/start.html#in-node')).toBeUndefined();
});

it('every page is reached from the front page', () => {
  const reached = new Set(['index.html']);
  for (const page of reached)
    for (const [, href] of html.get(page)!.matchAll(/<a\s[^>]*?href="([^"]+)"/g)) {
      const url = new URL(href!, `http://site/${page}`);
      if (url.host === 'site' && html.has(fileOf(url.pathname))) reached.add(fileOf(url.pathname));
    }
  expect(pages.filter((page) => !reached.has(page))).toEqual(['404.html']);
});
