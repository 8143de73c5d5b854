// The queue on a real Redis: three workers, one killed in mid-trial, one started late; the same numbers as the pool.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig, trialsOf } from '../src/config.js';
import { localPool } from '../src/pool.js';
import { payloadOf, resultOf, trialOf } from '../src/payload.js';
import { redisQueue } from '../src/queue.js';
import { startWorker } from '../src/queue-worker.js';
import { connectionOf } from '../src/redis.js';
import type { TrialResult } from '../src/result.js';
import { sourceFlags } from '../src/source-flags.js';
import { spawnTrial } from '../src/spawn-trial.js';
import { freePort, jobsWait, startServer, withoutRedis } from './redis-server.js';
import { tinyComparison } from './tiny.js';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

it('refuses what is no redis URL', () => {
  expect(() => connectionOf('http://x')).toThrowError(/--queue.*redis:\/\//);
  expect(connectionOf('redis://u:p%40@host:7/3')).toMatchObject({
    host: 'host',
    port: 7,
    username: 'u',
    password: 'p@',
    db: 3,
  });
  for (const url of ['redis://', 'redis://host/name', 'host:6379', ''])
    expect(() => connectionOf(url), url).toThrowError(/--queue.*redis:\/\//);
});

describe('what crosses the queue is checked', () => {
  const config = readConfig(tinyComparison());
  const [trial] = trialsOf(config);
  const { plugins } = config;
  const data = (): ReturnType<typeof payloadOf> => JSON.parse(JSON.stringify(payloadOf(trial!)));

  it('a job comes to the trial that was given out', () => {
    expect(trialOf(data(), plugins)).toEqual(trial);
  });

  it('a plugin that the worker does not allow is refused, and its code does not run', () => {
    expect(() => trialOf(data(), [])).toThrowError(/soft-step.*does not allow.*--plugins/);
    expect(() =>
      trialOf({ ...data(), config: { ...config, plugins: ['data:text/javascript,1'] } }, plugins),
    ).toThrowError(/does not allow/);
  });

  it.each([
    [null, /no trial/],
    ['x', /no trial/],
    [{}, /id: .*config: |config: .*id: /s],
    [{ id: 3 }, /id: /],
    [{ extra: 1 }, /extra/],
    [{ id: '0123456789abcdef' }, /that of no trial of its config/],
    [{ config: { ...config, name: '../../etc' } }, /config.name/],
    [{ config: { ...config, methods: [] } }, /config.methods/],
    [{ config: { ...config, budget: { epochs: 1e99 } } }, /config.budget/],
    [{ config: { ...config, methods: [{ quantizer: '\u001b[2Jste' }] } }, /control characters/],
    [{ config: { ...config, model: 'tfc\u202e' } }, /control characters/],
    [{ config: { ...config, plugin: ['./x'] } }, /plugin/],
  ])('a job with %j is refused', (change, message) => {
    const wrong =
      typeof change === 'object' && change && Object.keys(change).length ? { ...data(), ...change } : change;
    const attempt = (): unknown => trialOf(wrong, plugins);
    expect(attempt).toThrowError(expect.objectContaining({ code: 'invalid-option' }));
    expect(attempt).toThrowError(message);
  });

  it('a result must be one, and of that trial', () => {
    const { id, seed } = trial!;
    const good = {
      ...{ id, seed, model: 'tfc', data: 'digits', hardened: 0.5, soft: 0.6, gap: 0.1, seconds: 1 },
      ...{ imagesPerSecond: 9, epochs: [{ epoch: 1, loss: 2 }] },
    };
    expect(resultOf(trial!, good)).toBe(good);
    for (const wrong of [null, {}, { ...good, id: 'x' }, { ...good, hardened: '99' }, { ...good, soft: 2 }])
      expect(() => resultOf(trial!, wrong)).toThrowError(/no result of trial ste seed 1/);
  });
});

describe('no server', () => {
  const exitOf = async (...args: string[]): Promise<{ code: number | null; output: string; ms: number }> => {
    const began = performance.now();
    const child = spawn(process.execPath, [...sourceFlags, main, ...args], { stdio: 'pipe' });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part));
    const [code] = (await once(child, 'exit')) as [number | null];
    return { code, output, ms: performance.now() - began };
  };

  it(
    'is an error with its address and not its password, at once, for both sides',
    { timeout: 150_000 },
    async () => {
      const url = `redis://me:secret@127.0.0.1:${await freePort()}`;
      const config = tinyComparison();
      const [run, worker] = await Promise.all([
        exitOf('run', config, '--out', join(dirname(config), 'out'), '--queue', url),
        exitOf('worker', '--queue', url),
      ]);
      for (const { code, output, ms } of [run, worker]) {
        expect(code).toBe(2);
        expect(output).toMatch(/no Redis answers at redis:\/\/127.0.0.1:\d+ \(.*ECONNREFUSED/);
        expect(output).not.toContain('secret');
        expect(ms).toBeLessThan(25_000);
      }
    },
  );

  it('nor one that takes connections and says nothing', { timeout: 30_000 }, async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `redis://127.0.0.1:${(server.address() as { port: number }).port}`;
    const events = { finished: () => {}, failed: () => {} };
    await expect(redisQueue(url)(trialsOf(readConfig(tinyComparison())), events)).rejects.toThrowError(
      /no answer within 5 s/,
    );
    server.close();
  });
});

it('a trial that gives no sign is ended', { timeout: 30_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const script = join(folder, 'silent.mjs');
  writeFileSync(script, "process.on('message', () => {}); process.on('SIGTERM', () => {});");
  const [trial] = trialsOf(readConfig(tinyComparison()));
  await expect(
    spawnTrial(trial!, () => {}, { limitMs: 1500, script: pathToFileURL(script) }),
  ).rejects.toThrowError(/trial ste seed 1 gave no sign/);
});

describe.skipIf(withoutRedis)('queue (needs redis-server)', () => {
  let url = '';
  let server: ChildProcess;
  const workers: ChildProcess[] = [];
  const startWorkerProcess = (...more: string[]): ChildProcess => {
    const args = [...sourceFlags, main, 'worker', '--queue', url, ...more];
    const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    workers.push(worker);
    return worker;
  };
  /** Kills a worker with the trial process it started. */
  const killHard = (worker: ChildProcess): void => void process.kill(-worker.pid!, 'SIGKILL');
  const stopServer = async (): Promise<void> => {
    server.kill('SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  };
  const waiting = (count: number): Promise<void> => jobsWait(url, count);

  beforeEach(async () => {
    const port = await freePort();
    url = `redis://127.0.0.1:${port}`;
    server = await startServer(port);
  });
  afterEach(async () => {
    for (const worker of workers.splice(0))
      if (worker.exitCode === null && worker.signalCode === null) killHard(worker);
    await stopServer();
  });

  it(
    'a server that comes back empty gets the jobs again; plugins are refused',
    { timeout: 150_000 },
    async () => {
      const trials = trialsOf(readConfig(tinyComparison()));
      const failed = new Map<string, string>();
      const running = redisQueue(url, { lookMs: 100 })(trials, {
        finished: (trial) => expect.fail(`${trial.label} ran`),
        failed: (trial, error) => failed.set(trial.id, error.message),
      });
      await waiting(trials.length);
      await stopServer();
      server = await startServer(Number(new URL(url).port));
      await waiting(trials.length);
      const events = { started: () => {}, finished: () => {}, failed: () => {} };
      const worker = await startWorker(url, { concurrency: 2, plugins: [] }, events);
      await running;
      expect([...failed.keys()].sort()).toEqual(trials.map(({ id }) => id).sort());
      for (const message of failed.values()) expect(message).toMatch(/soft-step.*does not allow/);
      await worker.finish();
    },
  );

  it('a server that stays away is an error', { timeout: 150_000 }, async () => {
    const events = { finished: () => {}, failed: () => {} };
    const trials = trialsOf(readConfig(tinyComparison()));
    const running = redisQueue(url, { lookMs: 100, awayMs: 1500 })(trials, events);
    const outcome = expect(running).rejects.toThrowError(/no Redis answers at redis:.*ECONNREFUSED/);
    await waiting(trials.length);
    await stopServer();
    await outcome;
  });

  it.each(['there', 'gone'])(
    'SIGTERM ends `bench run`, with the server %s',
    { timeout: 150_000 },
    async (state) => {
      const config = tinyComparison();
      const args = ['run', config, '--out', join(dirname(config), 'out'), '--queue', url];
      const run = spawn(process.execPath, [...sourceFlags, main, ...args], { stdio: 'ignore' });
      await waiting(4);
      if (state === 'gone') await stopServer();
      const began = performance.now();
      run.kill('SIGTERM');
      const [code] = (await once(run, 'exit')) as [number];
      expect(code).toBe(130);
      expect(performance.now() - began).toBeLessThan(15_000);
    },
  );

  it(
    'every trial finishes, each once, with the numbers of the local pool',
    { timeout: 280_000 },
    async () => {
      const config = readConfig(tinyComparison({ seeds: [1, 2, 3], compile: false }));
      const trials = trialsOf(config);
      const start = (): ChildProcess => startWorkerProcess('--plugins', ...config.plugins);
      const [first, second] = [start(), start()];
      const results = new Map<string, TrialResult[]>();
      let killed = false;
      await redisQueue(url)(trials, {
        started: () => {
          if (killed) return;
          killed = true;
          killHard(first!);
          start();
        },
        finished: (trial, result) => results.set(trial.id, [...(results.get(trial.id) ?? []), result]),
        failed: (trial, error) => expect.fail(`${trial.label} seed ${trial.seed}: ${error.message}`),
      });
      expect(killed).toBe(true);
      expect([...results.keys()].sort()).toEqual(trials.map(({ id }) => id).sort());
      expect([...results.values()].every((list) => list.length === 1)).toBe(true);
      second!.kill('SIGTERM');
      expect(await once(second!, 'exit')).toEqual([0, null]);
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
