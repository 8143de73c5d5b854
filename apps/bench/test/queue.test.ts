// The queue on a real Redis: three workers, one killed in mid-trial, one started late; the same numbers as the pool.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig, trialsOf } from '../src/config.js';
import { localPool } from '../src/pool.js';
import { connectionOf, redisQueue } from '../src/queue.js';
import type { TrialResult } from '../src/result.js';
import { sourceFlags } from '../src/sourceFlags.js';
import { tinyComparison } from './tiny.js';

const hasRedis = ((): boolean => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const required = (process.env.BITGRAD_REQUIRE ?? '').split(',').includes('redis');

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

it('refuses what is no redis URL', () => {
  expect(() => connectionOf('http://x')).toThrowError(/--queue.*redis:\/\//);
  expect(connectionOf('redis://u:p%40@host:7/3')).toMatchObject({
    host: 'host',
    port: 7,
    username: 'u',
    password: 'p@',
    db: 3,
  });
});

describe.skipIf(!hasRedis && !required)('queue (needs redis-server)', () => {
  let url = '';
  let server: ChildProcess;
  const workers: ChildProcess[] = [];
  const startWorker = (): ChildProcess => {
    const args = [...sourceFlags, main, 'worker', '--queue', url];
    const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    workers.push(worker);
    return worker;
  };
  /** Kills a worker with the trial process it started. */
  const killHard = (worker: ChildProcess): void => void process.kill(-worker.pid!, 'SIGKILL');

  beforeAll(async () => {
    const port = await freePort();
    url = `redis://127.0.0.1:${port}`;
    const dir = mkdtempSync(join(tmpdir(), 'redis-'));
    server = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', dir],
      { stdio: 'ignore' },
    );
  });
  afterAll(() => {
    for (const worker of workers)
      if (worker.exitCode === null && worker.signalCode === null) killHard(worker);
    server.kill();
  });

  it(
    'every trial finishes, each once, with the numbers of the local pool',
    { timeout: 280_000 },
    async () => {
      const trials = trialsOf(readConfig(tinyComparison({ seeds: [1, 2, 3], compile: false })));
      const [first] = [startWorker(), startWorker()];
      const results = new Map<string, TrialResult[]>();
      let killed = false;
      await redisQueue(url)(trials, {
        started: () => {
          if (killed) return;
          killed = true;
          killHard(first!);
          startWorker();
        },
        finished: (trial, result) => results.set(trial.id, [...(results.get(trial.id) ?? []), result]),
        failed: (trial, error) => expect.fail(`${trial.label} seed ${trial.seed}: ${error.message}`),
      });
      expect(killed).toBe(true);
      expect([...results.keys()].sort()).toEqual(trials.map(({ id }) => id).sort());
      expect([...results.values()].every((list) => list.length === 1)).toBe(true);
      const local: TrialResult[] = [];
      await localPool(2)(trials.slice(0, 2), {
        finished: (_, result) => local.push(result),
        failed: (_, error) => expect.fail(error.message),
      });
      for (const { id, hardened, epochs } of local)
        expect(results.get(id)![0]).toMatchObject({ hardened, epochs });
    },
  );
});
