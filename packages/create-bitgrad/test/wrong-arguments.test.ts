// What is passed by mistake is answered by a BitgradError.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../src/index.js';

it('every exported function works or raises a BitgradError', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'create-bitgrad-'));
  const before = process.cwd();
  // Some of what is tried is the name of a folder.
  process.chdir(folder);
  let count = 0;
  const failures = await wrongCalls(exports, {
    cases: {
      createProject: {
        args: () => [join(folder, `app-${count++}`), { template: 'node', name: 'app' }],
        options: 1,
      },
    },
  });
  process.chdir(before);
  rmSync(folder, { recursive: true });
  expect(failures).toEqual([]);
});
