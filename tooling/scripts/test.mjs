// `npm test`: installs what is missing, checks (lint, types, boundaries, format), builds, runs every test.
import { attempt, install, run } from './pnpm.mjs';

install();
// A failed check does not hide the tests: everything is reported, and the run fails at its end.
const check = attempt(['pnpm', 'check']);
run(['pnpm', 'turbo', 'run', 'build', 'build:types', '--output-logs=errors-only']);
const tests = attempt(['pnpm', 'vitest']);
process.exit(tests || check);
