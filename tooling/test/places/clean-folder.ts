// An example as a user starts it: a folder with nothing but its files, `npm install`, `npm start`.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './project.js';

/**
 * Copies an example beside the pictures and models that all share, with our packages from tarballs instead of from npm, and
 * installs it.
 * @param ours versions of our packages: `file:` and a path
 * @returns its folder
 */
export async function installAlone(
  source: string,
  name: string,
  target: string,
  ours: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = join(target, name);
  mkdirSync(target, { recursive: true });
  for (const part of ['assets', name]) cpSync(join(source, part), join(target, part), { recursive: true });
  const path = join(folder, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { dependencies: Record<string, string> };
  for (const dependency of Object.keys(manifest.dependencies))
    if (ours[dependency]) manifest.dependencies[dependency] = ours[dependency];
  // What ours need of ours; from npm it would come by itself.
  const dependencies = { ...manifest.dependencies, '@bitgrad/bits': ours['@bitgrad/bits'] };
  writeFileSync(path, JSON.stringify({ ...manifest, dependencies }));
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], {
    cwd: folder,
    timeout: 300_000,
  });
  return folder;
}

/** Runs `npm start` until it says where it listens; `stop` ends it with all that it started. */
export async function start(folder: string): Promise<{ address: string; stop: () => void }> {
  const child = spawn('npm', ['start'], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  const stop = (): void => void (child.exitCode === null && process.kill(-child.pid!, 'SIGTERM'));
  let said = '';
  try {
    const address = await new Promise<string>((resolve, reject) => {
      const failed = (reason: string): void => reject(new Error(`npm start ${reason}:\n${said}`));
      const hear = (data: Buffer): void => {
        said += data.toString();
        const found = /http:\/\/localhost:\d+/.exec(said);
        if (found) resolve(found[0]);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.on('error', reject);
      child.on('exit', (code) => failed(`ends with ${code}`));
      setTimeout(() => failed('does not listen in four minutes'), 240_000).unref();
    });
    return { address, stop };
  } catch (error) {
    stop();
    throw error;
  }
}
