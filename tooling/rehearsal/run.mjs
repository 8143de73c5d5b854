// Commands of a rehearsal: what they say goes into a file, and its end into the error when they fail.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

/** What a command prints is kept up to this many characters. */
const most = 64e6;

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: Record<string, string | undefined>, log?: string, limitMs?: number, anyEnd?: boolean }} options
 *   `log`: a file that gets the command and all that it prints; `anyEnd`: a command that fails is no error
 * @returns {Promise<string>} what it wrote to stdout
 * @throws Error with the last lines when it fails, or takes longer than `limitMs` (30 minutes)
 */
export function run(command, args, { cwd, env = {}, log, limitMs = 30 * 60_000, anyEnd = false }) {
  const line = [command, ...args].join(' ');
  if (log) appendFileSync(log, `$ ${line}   # in ${cwd}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // With a group of its own, so that its children end with it.
      detached: process.platform !== 'win32',
      shell: process.platform === 'win32',
    });
    let [out, all, late] = ['', '', false];
    const hear = (stream, take) =>
      stream.setEncoding('utf8').on('data', (text) => {
        if (log) appendFileSync(log, text);
        if (all.length < most) all += text;
        take(text);
      });
    hear(child.stdout, (text) => void (out += text));
    hear(child.stderr, () => undefined);
    const timer = setTimeout(() => {
      late = true;
      if (process.platform === 'win32') child.kill();
      else process.kill(-child.pid, 'SIGKILL');
    }, limitMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0 || (anyEnd && !late)) return resolve(out);
      const why = late ? `took more than ${limitMs / 60_000} minutes` : `ended with ${code ?? signal}`;
      reject(new Error(`\`${line}\` ${why}:\n${all.trim().split('\n').slice(-25).join('\n')}`));
    });
  });
}
