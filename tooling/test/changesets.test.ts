// A changeset that names a package which there is not stops every release, and is noticed only then.
import { readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { root, workspacePackages } from '../workspace.mjs';

const names = workspacePackages('packages').map(({ manifest }) => manifest.name as string);
const files = readdirSync(`${root}.changeset`).filter((name) => /^(?!README).*\.md$/.test(name));

it.runIf(files.length > 0).each(files)('%s names packages, levels, and what changed', (file) => {
  const text = readFileSync(`${root}.changeset/${file}`, 'utf8');
  const [, head, body] = /^---\n([\s\S]*?)---\n([\s\S]*)$/.exec(text)!;
  const changes = parse(head!) as Record<string, string>;
  expect(Object.keys(changes)).not.toEqual([]);
  for (const [name, level] of Object.entries(changes)) {
    expect(names).toContain(name);
    expect(['patch', 'minor', 'major']).toContain(level);
  }
  expect(body).toMatch(/\w/);
});

it('a name that is none would be found', () => {
  expect(names).toContain('bitgrad');
  expect(names).not.toContain('@bitgrad/cli');
});
