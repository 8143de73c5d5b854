// `npm test`: installs what is missing, checks (lint, types, boundaries, format), builds, runs every test.
import { long } from '../endurance.mjs';
import { attempt, attemptAside, install } from './pnpm.mjs';

install();
// Programs that tests start use the packages as they were built (tooling/processes.mjs).
const asBuilt = { BITGRAD_BUILT: '1' };
/** Runs one after the other, to the first that fails: resolves with its exit code. */
const inTurn = async (...commands) => {
  for (const [command, env] of commands) {
    const code = await attemptAside(command, { env });
    if (code) return code;
  }
  return 0;
};
// Each of these needs one core, most of the time: two go beside each other, and formats are looked at where the shorter one ends.
const checks = attemptAside(['pnpm', 'check:code']);
const builds = inTurn(
  // Only long tests look at pages, types and the site.
  [['pnpm', 'build', '--output-logs=errors-only', ...(long ? [] : ['--filter=./packages/*'])]],
  ...(long
    ? [[['pnpm', 'build:types', '--unchecked']], [['pnpm', '--filter', 'docs', 'site:tested'], asBuilt]]
    : []),
);
const formats = (long ? checks : builds).then(() => attemptAside(['pnpm', 'format:check']));
const [code, build, format] = await Promise.all([checks, builds, formats]);
const check = code || format;
// A failed check does not hide the tests: everything is reported, and counted in the last line.
const failed = [check && 'pnpm check', build && 'pnpm build'].filter(Boolean);
const env = {
  BITGRAD_FAILED_STEPS: failed.join(),
  ...(build ? {} : asBuilt),
  ...(long && !build ? { BITGRAD_SITE_BUILT: '1' } : {}),
};
const tests = attempt(['pnpm', 'vitest'], { env });
process.exit(check || build || tests);
