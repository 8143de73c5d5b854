// `pnpm hosts [--all]`: installs the hosts that packed models are tested on (hosts.mjs says which), and with
// `--all` other versions of Node.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostPackages, hostsFolder } from '../hosts.mjs';

mkdirSync(hostsFolder, { recursive: true });
const dependencies = hostPackages(process.argv.includes('--all'));
writeFileSync(join(hostsFolder, 'package.json'), JSON.stringify({ private: true, dependencies }));
const line = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
// The packages bring their binaries: no script has to fetch them.
const { status } = spawnSync('npm', [...line, '--ignore-scripts'], {
  cwd: hostsFolder,
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
process.exit(status ?? 1);
