// The crate's own tests, of its threads and of its lists of features: `cargo test`, which compiles it with checks for overflow.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { reasonToSkip } from './support/addon.js';

const cargo = (...args: string[]) =>
  spawnSync('cargo', args, {
    cwd: fileURLToPath(new URL('../native', import.meta.url)),
    encoding: 'utf8',
  });
/** `reasonToSkip` throws where the addon is required and missing; with cargo alone it was built. */
const none = Boolean(reasonToSkip()) || cargo('--version').status !== 0;

it.skipIf(none)("the crate's tests (need cargo)", { timeout: 600_000 }, () => {
  const { status, stdout, stderr } = cargo('test', '--locked', '--target-dir', 'target');
  expect(status, `${stdout}\n${stderr}`).toBe(0);
  expect(Number(/test result: ok\. (\d+) passed/.exec(stdout)?.[1])).toBeGreaterThan(4);
});
