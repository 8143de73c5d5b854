// `pnpm bitgrad ...`: builds the command when its sources have changed (quietly; its output goes to stderr), then runs
// it with the same arguments, signals and exit code.
import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { root, run } from './pnpm.mjs';

const dist = resolve(root, 'packages/cli/dist/main.js');
const turbo = resolve(root, 'node_modules/.bin/turbo');
const build = ['run', 'build', '--filter=bitgrad', '--output-logs=errors-only', '--ui=stream'];

if (!existsSync(turbo)) {
  process.stderr.write('Run `pnpm install` first (or `npm run quickstart`, which does it all).\n');
  process.exit(1);
}
if (!existsSync(dist)) process.stderr.write('building the bitgrad command, once ...\n');
if (process.env.npm_config_user_agent?.startsWith('pnpm')) {
  // pnpm, which turbo looks for, is on the PATH already.
  const options = { cwd: root, encoding: 'utf8', env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' } };
  const { status, stdout, stderr } = spawnSync(turbo, build, {
    ...options,
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    process.stderr.write(`${stdout}${stderr}\nthe build of the bitgrad command failed\n`);
    process.exit(status ?? 1);
  }
} else run(['turbo', ...build], { output: 2 });

const main = resolve(root, 'packages/cli/bin/bitgrad.mjs');
const child = spawn(process.execPath, [main, ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  stdio: 'inherit',
});
// A terminal signals the whole group; the command takes a second signal within a second as the same one.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
