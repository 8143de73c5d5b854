// Runs the pinned pnpm by npx, so that a machine with only Node and npm needs nothing else.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const { packageManager } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** Runs a command with pnpm on its PATH and answers its exit code. */
export const attempt = (command, { output = 'inherit', env = {} } = {}) => {
  // --package puts the pinned pnpm first on the PATH of everything below, which turbo relies on.
  const result = spawnSync('npx', ['--yes', `--package=${packageManager}`, '--', ...command], {
    cwd: root,
    stdio: ['ignore', output, 'inherit'],
    env: { ...process.env, COREPACK_ENABLE_STRICT: '0', TURBO_TELEMETRY_DISABLED: '1', ...env },
    shell: process.platform === 'win32',
  });
  if (result.status !== 0)
    process.stderr.write(`\nfailed (exit ${result.status ?? result.signal}): ${command.join(' ')}\n`);
  return result.status ?? 1;
};

/** Runs a command with pnpm on its PATH; ends this process with the command's code when it fails. */
export const run = (command, options) => {
  const code = attempt(command, options);
  if (code !== 0) process.exit(code);
};

export const install = () =>
  run(['pnpm', 'install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn']);
