// The files that a host of repositories and catalogues of software read: they parse, and have what their readers require.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../workspace.mjs';

const read = (path: string): string => readFileSync(root + path, 'utf8');

describe('CITATION.cff', () => {
  interface Person {
    readonly name?: string;
    readonly 'family-names'?: string;
  }
  interface Work {
    readonly type: string;
    readonly title: string;
    readonly authors: readonly Person[];
    readonly year?: number;
    readonly identifiers?: readonly { readonly type: string; readonly value: string }[];
  }
  const citation = parse(read('CITATION.cff')) as Work & Record<string, unknown> & { references: Work[] };

  it('has what version 1.2.0 of the format requires, and nothing that it does not know', () => {
    // Checked once more by cffconvert --validate when it was written.
    expect(citation['cff-version']).toBe('1.2.0');
    const known = ['abstract', 'authors', 'cff-version', 'keywords', 'license', 'message', 'references', 'title', 'type']; // prettier-ignore
    expect(Object.keys(citation).filter((key) => !known.includes(key))).toEqual([]);
    for (const work of [citation, ...citation.references]) {
      expect(work.title).toMatch(/\w/);
      expect(work.authors.length).toBeGreaterThan(0);
      for (const author of work.authors) expect(author.name ?? author['family-names']).toMatch(/\w/);
    }
    expect(citation['license']).toBe(JSON.parse(read('package.json')).license);
  });

  it('names the papers of the methods as docs/math.md does', () => {
    const cited = citation.references.map(({ title, year, identifiers, authors }) => ({
      title,
      year,
      arxiv: identifiers?.[0]?.value.replace('arXiv:', 'arXiv '),
      authors: authors.map((author) => author['family-names']).join(', '),
    }));
    const papers = [
      ...read('docs/math.md').matchAll(
        /^- \*\*(FDA|PC\+\+)\*\*: (.*?), _(.*?)_, NeurIPS (\d+), (arXiv [\d.]+\d)/gm,
      ),
    ].map(([, , authors, title, year, arxiv]) => ({ title, year: Number(year), arxiv, authors }));
    expect(papers).toHaveLength(2);
    expect(cited).toEqual(expect.arrayContaining(papers));
  });
});

describe('forms for issues', () => {
  const folder = '.github/ISSUE_TEMPLATE';
  const forms = readdirSync(root + folder).filter((name) => name.endsWith('.yml') && name !== 'config.yml');

  it.each(forms)('%s has what the host requires', (file) => {
    const form = parse(read(`${folder}/${file}`)) as {
      name: string;
      description: string;
      body: { type: string; id?: string; attributes: Record<string, unknown> }[];
    };
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
    const ids = form.body.flatMap(({ id }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { type, id, attributes } of form.body) {
      expect(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes']).toContain(type);
      if (type === 'markdown') expect(attributes['value']).toEqual(expect.any(String));
      else expect([id, attributes['label']]).toEqual([expect.stringMatching(/^[\w-]+$/), expect.any(String)]);
      if (type === 'dropdown' || type === 'checkboxes') expect(attributes['options']).not.toEqual([]);
    }
    expect(form.body.some(({ type }) => type !== 'markdown')).toBe(true);
  });

  it('there are forms for mistakes, wishes and numbers', () => {
    expect(forms.sort()).toEqual(['bug.yml', 'numbers.yml', 'wish.yml']);
  });
});

it.each(['SECURITY.md', 'CODE_OF_CONDUCT.md', '.github/PULL_REQUEST_TEMPLATE.md', 'docs/compatibility.md'])(
  '%s names only files that there are',
  (file) => {
    const text = read(file);
    for (const [, target] of text.matchAll(/\]\((?!https:)([^)#]+)[^)]*\)/g))
      expect(existsSync(new URL(target!, `file://${root}${file}`)), target).toBe(true);
    for (const [, path] of text.matchAll(/`((?:packages|tooling|docs|apps)\/[\w./-]+)`/g))
      expect(existsSync(root + path!), path).toBe(true);
  },
);
