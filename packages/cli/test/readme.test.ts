// The tables of options in the README are those of the commands; `pnpm vitest run test/readme.test.ts -u` writes them.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { optionsTable } from '@bitgrad/recipe';
import { benchEntries } from '../src/commands/bench.js';
import { certifyEntries } from '../src/commands/certify.js';
import { compileEntries } from '../src/commands/compile.js';
import { completionEntries } from '../src/commands/completion.js';
import { doctorEntries } from '../src/commands/doctor.js';
import { listEntries } from '../src/commands/list.js';
import { dataGetEntries } from '../src/commands/data-get.js';
import { evalEntries } from '../src/commands/eval.js';
import { importEntries } from '../src/commands/import.js';
import { exportEntries } from '../src/commands/export.js';
import { runEntries } from '../src/commands/run.js';
import { trainEntries } from '../src/commands/train.js';

const commands = {
  train: trainEntries,
  eval: evalEntries,
  compile: compileEntries,
  import: importEntries,
  'data get': dataGetEntries,
  run: runEntries,
  export: exportEntries,
  bench: benchEntries,
  certify: certifyEntries,
  list: listEntries,
  doctor: doctorEntries,
  completion: completionEntries,
};

it('has the options of every command', async () => {
  let text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const [name, entries] of Object.entries(commands)) {
    const mark = `<!-- options of ${name} -->`;
    expect(text).toContain(mark);
    const before = text.slice(0, text.indexOf(mark) + mark.length);
    const after = text.slice(text.indexOf('<!-- end -->', before.length));
    text = `${before}\n\n${optionsTable(entries)}\n\n${after}`;
  }
  await expect(text).toMatchFileSnapshot('../README.md');
});
