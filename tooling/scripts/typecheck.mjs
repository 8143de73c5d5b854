// `pnpm typecheck`: all programs of the repository by the compiler of TypeScript 7, which takes a quarter of the time. It has no API:
// TypeScript 5 stays for what needs one (typescript-eslint, dependency-cruiser, declarations).
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../workspace.mjs';

const require = createRequire(import.meta.url);
const compiler = join(require.resolve('typescript-7/package.json'), '../bin/tsc');
const codes = ['tsconfig.json', 'apps/demo'].map(
  (program) => spawnSync(process.execPath, [compiler, '-p', program], { cwd: root, stdio: 'inherit' }).status,
);
process.exit(codes.every((code) => code === 0) ? 0 : 1);
