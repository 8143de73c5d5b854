// Workflows run code of others with this repository's rights: by commit, not by a tag that can be moved.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const folder = new URL('../../.github/workflows/', import.meta.url);

it('every action is pinned by its commit, with the version beside it', () => {
  const files = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  expect(files).not.toEqual([]);
  for (const name of files) {
    const text = readFileSync(new URL(name, folder), 'utf8');
    const uses = text.split('\n').filter((line) => /\buses:/.test(line));
    for (const line of uses) expect(line, name).toMatch(/uses: (\.\/|[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$)/);
    expect(text, `${name} states what its token may do`).toMatch(/^permissions:/m);
  }
});
