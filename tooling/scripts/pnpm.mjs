// Runs the pinned pnpm by npx, so that a machine with only Node and npm needs nothing else.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const { packageManager } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

// --package puts the pinned pnpm first on the PATH of everything below, which turbo relies on.
const line = (command, output, env) => [
  'npx',
  ['--yes', `--package=${packageManager}`, '--', ...command],
  {
    cwd: root,
    stdio: ['ignore', output, 'inherit'],
    env: { ...process.env, COREPACK_ENABLE_STRICT: '0', TURBO_TELEMETRY_DISABLED: '1', ...env },
    shell: process.platform === 'win32',
  },
];
const exitCode = (command, code, signal) => {
  if (code !== 0) process.stderr.write(`\nfailed (exit ${code ?? signal}): ${command.join(' ')}\n`);
  return code ?? 1;
};

/** Runs a command with pnpm on its PATH and answers its exit code. */
export const attempt = (command, { output = 'inherit', env = {} } = {}) => {
  const { status, signal } = spawnSync(...line(command, output, env));
  return exitCode(command, status, signal);
};

/** The same beside others: resolves with the exit code. */
export const attemptAside = (command, { env = {} } = {}) =>
  new Promise((resolve) =>
    spawn(...line(command, 'inherit', env)).on('close', (code, signal) =>
      resolve(exitCode(command, code, signal)),
    ),
  );

/** Runs a command with pnpm on its PATH; ends this process with the command's code when it fails. */
export const run = (command, options) => {
  const code = attempt(command, options);
  if (code !== 0) process.exit(code);
};

export const install = () =>
  run(['pnpm', 'install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn']);
