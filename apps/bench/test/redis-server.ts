// A Redis of a test's own.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { expect, vi } from 'vitest';
import { queueName } from '../src/queue.js';
import { connectionOf } from '../src/redis.js';

const hasRedis = ((): boolean => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const required = (process.env.BITGRAD_REQUIRE ?? '').split(',').includes('redis');

/** Whether tests of a server are skipped: there is none, and none is required. */
export const withoutRedis = !hasRedis && !required;

/** A port that nobody listens on. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** Starts a server. @param more its settings: by default it keeps nothing @param dir where it keeps what it keeps */
export async function startServer(
  port: number,
  more: readonly string[] = ['--save', ''],
  dir = mkdtempSync(join(tmpdir(), 'redis-')),
): Promise<ChildProcess> {
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...more];
  const started = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const text of started.stdout as AsyncIterable<Buffer>) if (String(text).includes('Ready')) break;
  started.stdout.resume();
  return started;
}

/** Waits until so many jobs wait on a server. */
export async function jobsWait(url: string, count: number): Promise<void> {
  const queue = new Queue(queueName, { connection: connectionOf(url) });
  queue.on('error', () => {});
  await vi.waitFor(async () => expect(await queue.getWaitingCount()).toBe(count), 60_000);
  await queue.close();
}
