// `npm test`: installs what is missing, checks (lint, types, boundaries, format), builds, runs every test.
import { attempt, attemptAside, install } from './pnpm.mjs';

install();
// Most of both needs one core only.
const [check, build] = await Promise.all([
  attemptAside(['pnpm', 'check']),
  attemptAside(['pnpm', 'build', '--output-logs=errors-only']).then(
    (code) => code || attemptAside(['pnpm', 'build:types']),
  ),
]);
// A failed check does not hide the tests: everything is reported, and counted in the last line.
const failed = [check && 'pnpm check', build && 'pnpm build'].filter(Boolean);
// Programs that tests start use the packages as they were built, where they were (tooling/processes.mjs).
const env = { BITGRAD_FAILED_STEPS: failed.join(), ...(build ? {} : { BITGRAD_BUILT: '1' }) };
const tests = attempt(['pnpm', 'vitest'], { env });
process.exit(check || build || tests);
