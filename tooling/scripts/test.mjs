// `npm test`: installs what is missing, checks (lint, types, boundaries, format), builds, runs every test.
import { attempt, attemptAside, install } from './pnpm.mjs';

install();
// Most of both needs one core only.
const codes = await Promise.all([
  attemptAside(['pnpm', 'check']),
  attemptAside(['pnpm', 'build', '--output-logs=errors-only']).then(
    (code) => code || attemptAside(['pnpm', 'build:types']),
  ),
]);
// A failed check does not hide the tests: everything is reported, and the run fails at its end.
codes.push(attempt(['pnpm', 'vitest']));
process.exit(codes.find((code) => code !== 0) ?? 0);
