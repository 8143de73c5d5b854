// The pages of the site: those of pages/, with what they include, and documents of the repository as they stand.
//
//   <!--@include: docs/math.md-->              a document below its title
//   <!--@include: docs/math.md#4. FDA-->       what stands below one of its headings
//   <!--@code: examples/vite/worker.js-->      a file as a block of code
//   <!--@pictures: packages/quantizer-ste/plots-->   the pictures of a folder
//   <!--@table: zoo-->                         a table, or sentences, of tables.ts
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path/posix';
import { withLinks } from './links.js';
import { app, documents, read, root } from './repository.js';
import { belowTitle, depthOf, headingsFrom, linesOf, sectionOf } from './sections.js';
import { tables } from './tables.js';

const generated = 'apps/docs/generated';

/** The pages of this app, from pages/. */
const ownPages = (): string[] =>
  (readdirSync(`${app}pages`, { recursive: true }) as string[])
    .filter((path) => path.endsWith('.md'))
    .map((path) => path.replaceAll('\\', '/'))
    .sort();

const languages: Readonly<Record<string, string>> = { '.jsx': 'jsx', '.mjs': 'js', '.ino': 'cpp' };

const fenced = (path: string): string => {
  const language = languages[extname(path)] ?? extname(path).slice(1);
  return `\`\`\`${language} [${basename(path)}]\n${read(path).trimEnd()}\n\`\`\``;
};

/** What a directive stands for, at a depth of headings. */
function included(kind: string, target: string, page: string, depth: number, repository?: string): string {
  if (kind === 'code') return fenced(target);
  if (kind === 'table') {
    const table = tables[target];
    if (!table)
      throw new RangeError(`${page}: no table "${target}", expected ${Object.keys(tables).join(', ')}`);
    return table();
  }
  const [path = '', heading] = target.split(/#(.*)/);
  if (kind === 'pictures') {
    const names = readdirSync(root + path).filter((name) => name.endsWith('.svg')).sort(); // prettier-ignore
    const lines = names.map((name) => `![F and B of ${basename(name, '.svg')}](${name})`).join('\n\n');
    return withLinks(lines, { source: join(path, 'x.md'), page, repository }, generated);
  }
  const text = heading ? sectionOf(read(path), heading) : belowTitle(read(path));
  return headingsFrom(withLinks(text, { source: path, page, repository }, generated), depth);
}

/** A page with everything that it includes. */
function expand(text: string, page: string, repository?: string): string {
  let depth = 1;
  return linesOf(text)
    .map((line) => {
      depth = depthOf(line) || depth;
      const [, kind, target] = /^<!--@(include|code|table|pictures): (.*?)-->$/.exec(line.text) ?? [];
      if (!kind || line.code) return line.text;
      return included(kind, target!, page, depth + 1, repository);
    })
    .join('\n');
}

/**
 * Writes every page into generated/, which VitePress reads.
 * @param repository address of the repository's files on a host; without it they are named, not linked
 * @returns the pages
 */
export function writePages(repository?: string): string[] {
  rmSync(root + generated, { recursive: true, force: true });
  const pages: Record<string, string> = {};
  for (const [source, page] of Object.entries(documents))
    pages[page] = withLinks(read(source), { source, page, repository }, generated);
  for (const page of ownPages()) {
    if (pages[page]) throw new RangeError(`two texts for the page ${page}`);
    pages[page] = expand(read(`apps/docs/pages/${page}`), page, repository);
  }
  for (const [page, text] of Object.entries(pages)) {
    const path = join(root, generated, page);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return Object.keys(pages).sort();
}
