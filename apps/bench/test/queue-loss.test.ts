// What the README says of lost workers, of a lost Redis and of jobs that strangers give, on a real server with the settings
// of deploy/compose.yaml.
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig, trialsOf } from '../src/config.js';
import { payloadOf } from '../src/payload.js';
import { localPool } from '../src/pool.js';
import { queueName, redisQueue } from '../src/queue.js';
import { startWorker, type QueueWorker, type WorkerEvents } from '../src/queue-worker.js';
import { connectionOf } from '../src/redis.js';
import type { TrialResult } from '../src/result.js';
import { redisCommand } from './deploy.js';
import { freePort, jobsWait, startServer, withoutRedis } from './redis-server.js';
import { tinyComparison } from './tiny.js';

const silent: WorkerEvents = { started: () => {}, finished: () => {}, failed: () => {} };
const password = 'secret';
const flags = redisCommand().slice(1).map((word) => (word.startsWith('$') ? password : word)); // prettier-ignore

describe.skipIf(withoutRedis)('losses (need redis-server)', () => {
  let [port, url, dir] = [0, '', ''];
  let server: ChildProcess;
  const workers: QueueWorker[] = [];
  const start = async (options: Partial<Parameters<typeof startWorker>[1]> = {}, events = silent) => {
    const worker = await startWorker(url, { concurrency: 1, plugins: [], lockMs: 2000, ...options }, events);
    workers.push(worker);
    return worker;
  };
  const killServer = async (): Promise<void> => {
    server.kill('SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  };
  const restartServer = async (): Promise<void> => {
    await killServer();
    server = await startServer(port, flags, dir);
  };
  /** One trial that lasts some seconds. */
  const longTrial = (epochs = 20) =>
    trialsOf(readConfig(tinyComparison({ methods: [{ quantizer: 'ste' }], plugins: [], seeds: [1], budget: { epochs }, compile: false }))); // prettier-ignore

  beforeEach(async () => {
    port = await freePort();
    url = `redis://:${password}@127.0.0.1:${port}`;
    dir = mkdtempSync(join(tmpdir(), 'redis-'));
    server = await startServer(port, flags, dir);
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    await killServer();
  });

  it(
    'another worker goes on from the checkpoint of a lost one, to the bits of a run that lost none',
    { timeout: 120_000 },
    async () => {
      // prettier-ignore
      const trials = longTrial();
      const folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
      const keep = { folder, everyMs: 0 };
      const first = await start({ keep });
      const seen: number[] = [];
      const results: TrialResult[] = [];
      let lostAt = 0;
      await redisQueue(url, { lookMs: 200 })(trials, {
        progress: (_, { done }) => {
          seen.push(done);
          if (lostAt > 0 || done < 8) return;
          lostAt = done;
          // Ended without a word to the server, as when its machine goes.
          void first.stop().then(() => start({ keep }));
        },
        finished: (_, result) => results.push(result),
        failed: (_, error) => expect.fail(error.message),
      });
      expect(lostAt).toBeGreaterThan(0);
      // A trial that begins anew tells of its first steps once more.
      expect(Math.min(...seen.slice(seen.indexOf(lostAt) + 1))).toBeGreaterThanOrEqual(lostAt);
      expect(results).toHaveLength(1);
      expect(readdirSync(join(folder, 'unfinished'))).toEqual([]);
      await localPool(1)(trials, {
        finished: (_, whole) =>
          expect(results[0]).toMatchObject({ epochs: whole.epochs, hardened: whole.hardened }),
        failed: (_, error) => expect.fail(error.message),
      });
    },
  );

  it('a trial that three workers were lost with fails, and says so', { timeout: 120_000 }, async () => {
    const failed: string[] = [];
    let lost = 0;
    const started = (): void => {
      lost++;
      void workers
        .at(-1)!
        .stop()
        .then(() => start({}, { ...silent, started }));
    };
    await start({}, { ...silent, started });
    await redisQueue(url, { lookMs: 200 })(longTrial(2000), {
      finished: () => expect.fail('it ended'),
      failed: (_, error) => failed.push(error.message),
    });
    expect(lost).toBe(3);
    expect(failed).toEqual([expect.stringMatching(/stalled more than/)]);
  });

  it(
    'jobs outlive a Redis that is killed, and a trial under way is delivered when it is back',
    { timeout: 120_000 },
    async () => {
      // prettier-ignore
      const waiting = trialsOf(readConfig(tinyComparison()));
      const stopping = new AbortController();
      const given = redisQueue(url, { lookMs: 100 })(waiting, { finished: () => {}, failed: () => {} }, stopping.signal); // prettier-ignore
      await jobsWait(url, waiting.length);
      stopping.abort();
      await given;
      await restartServer();
      // Nobody gave them out again.
      await jobsWait(url, waiting.length);
      const queue = new Queue(queueName, { connection: connectionOf(url) });
      await queue.obliterate();
      await queue.close();

      const finished: string[] = [];
      const trials = longTrial(20);
      const runs: string[] = [];
      let killed: Promise<void> | undefined;
      await start({ lockMs: 15_000 }, { ...silent, started: ({ id }) => void runs.push(id) });
      await redisQueue(url, { lookMs: 200 })(trials, {
        progress: () => (killed ??= restartServer()),
        finished: ({ id }) => finished.push(id),
        failed: (_, error) => expect.fail(error.message),
      });
      expect(killed).toBeDefined();
      expect(finished).toEqual([trials[0]!.id]);
      expect(runs).toEqual(finished);
    },
  );

  it('who can write to the Redis brings no code to a worker', { timeout: 120_000 }, async () => {
    const config = tinyComparison();
    const marker = join(dirname(config), 'ran');
    const evil = join(dirname(config), 'evil.mjs');
    writeFileSync(
      evil,
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker)}, 'x');`,
    );
    const [trial] = trialsOf(readConfig(config));
    const { id, config: good } = payloadOf(trial!);
    const queue = new Queue(queueName, { connection: connectionOf(url) });
    const jobs: Record<string, object> = {
      'a module by its path': { id, config: { ...good, plugins: [evil] } },
      'a module in its address': {
        id,
        config: { ...good, plugins: [`data:text/javascript,import('${evil}')`] },
      },
      'a backend that is a path': { id, config: { ...good, plugins: [], backend: evil } },
      'a model that is a path': { id, config: { ...good, plugins: [], model: evil } },
      'a field that there is not': { id, config: { ...good, plugins: [] }, execArgv: ['--import', evil] },
    };
    for (const [name, data] of Object.entries(jobs)) await queue.add(name, data);
    await start();
    await vi.waitFor(async () => expect(await queue.getFailedCount()).toBe(5), { timeout: 90_000, interval: 500 }); // prettier-ignore
    const reasons = (await queue.getFailed()).map(({ name, failedReason }) => `${name}: ${failedReason}`);
    for (const reason of reasons) expect(reason).toMatch(/does not allow|is no trial|that of no trial/);
    await queue.close();
    expect(existsSync(marker)).toBe(false);
  });

  it('who does not know the password gives no jobs', async () => {
    const events = { finished: () => {}, failed: () => {} };
    await expect(redisQueue(url.replace(password, 'guess'))(longTrial(), events)).rejects.toThrow(/WRONGPASS|password/); // prettier-ignore
  });
});
