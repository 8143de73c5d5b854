// `npm test`: installs what is missing, checks (lint, types, boundaries, format), builds, runs every test.
import { install, run } from './pnpm.mjs';

install();
run(['pnpm', 'check']);
run(['pnpm', 'build', '--output-logs=errors-only']);
run(['pnpm', 'vitest']);
