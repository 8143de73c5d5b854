// The command in this process with streams that are kept, and as a process of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import { onTestFinished } from 'vitest';
import { commandWords } from '@bitgrad/tooling/processes';
import { runWith } from '../src/index.js';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const keeper = (heard: (text: string) => void): { stream: NodeJS.WritableStream; text: () => string } => {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      heard(String(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
};

/** Runs the command in this process; `heard` is called with everything it writes. */
export async function cli(
  args: readonly string[],
  signal?: AbortSignal,
  heard: (text: string) => void = () => undefined,
): Promise<Outcome> {
  const [out, err] = [keeper(heard), keeper(heard)];
  const io = {
    stdout: out.stream,
    stderr: err.stream,
    terminal: false,
    colors: pc.createColors(false),
    signal,
  };
  const code = await runWith(args, io);
  return { code, stdout: out.text(), stderr: err.text() };
}

const packageFolder = fileURLToPath(new URL('..', import.meta.url));

/** Starts the command as a process. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [...commandWords, ...args], {
    cwd: packageFolder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What a process said, when it has ended. */
export function ended(child: ChildProcess): Promise<Outcome & { signal: NodeJS.Signals | null }> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => (stdout += chunk));
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, stdout, stderr, signal }));
  });
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bitgrad-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';
export const read = (...parts: string[]): Buffer => readFileSync(join(...parts));
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What `bitgrad list --json` says in a process of its own: without what plugins of other tests have registered in this one. */
export async function listed<T>(...flags: string[]): Promise<T> {
  const { stdout } = await ended(start(['list', ...flags, '--json']));
  return JSON.parse(stdout) as T;
}
