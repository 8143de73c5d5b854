// Worker threads: the same results for any number of them, whole networks included.
import { describe, expect, it, vi } from 'vitest';
import { dirtyMemory, encodeModel, jsEngine, loadModel, type EngineReport } from '@bitgrad/runtime';
import { noise, randomPlan } from '@bitgrad/testkit/engine';
import { cycles } from '@bitgrad/tooling/endurance';
import { biRealNet18, planBuilder, vggSmall } from '../../bench/plans.js';
import { wasmEngine, workerSource, type WorkerLike } from '../../src/engine/index.js';
import { createInlineWorker } from '../../src/engine/threads.js';
import { randomData } from './support/models.js';

const small = () => {
  const b = planBuilder({ type: 'u8', shape: [17, 13, 3] }, 5);
  const x = b.threshold(b.conv(0, 40, 3));
  const y = b.threshold(b.conv(x, 72, 3, 2));
  return b.build(b.affine(b.dense(b.flatten(b.pool('maxPool', y, 2, 2)), 130)), 'small');
};

describe('threads', () => {
  it('1, 2 and 3 threads give the results of the reference engine, run after run', async () => {
    const model = small();
    const input = randomData('u8', [5 * 17 * 13 * 3], 9) as Uint8Array;
    const expected = (await jsEngine().compile(model)).run(input);
    for (const threads of [1, 2, 3]) {
      const executable = await wasmEngine().compile(model, { threads });
      expect(executable.report().threads).toBe(threads);
      for (let i = 0; i < 20; i++) {
        executable[dirtyMemory]!(noise);
        expect(executable.run(input)).toStrictEqual(expected);
      }
      executable.dispose();
      executable.dispose();
      expect(() => executable.run(input)).toThrow(expect.objectContaining({ code: 'disposed' }));
    }
  });

  it('random plans on 2 threads', async () => {
    for (let seed = 9000; seed < 9040; seed++) {
      const model = randomPlan(seed, 12);
      const [one, two] = await Promise.all([1, 2].map((threads) => wasmEngine().compile(model, { threads })));
      expect(two!.run(model.input), `seed ${seed}`).toStrictEqual(one!.run(model.input));
      one!.dispose();
      two!.dispose();
    }
  });

  it.each([vggSmall, biRealNet18])('%o: whole networks, SIMD on 1 and 2 threads and scalar', async (net) => {
    const model = net();
    const { shape } = model.plan.buffers[0]!;
    const input = randomData('u8', shape, 3) as Uint8Array;
    const outputs = [];
    for (const [variant, threads] of [
      ['simd', 1],
      ['simd', 2],
      ['scalar', 1],
    ] as const) {
      const executable = await wasmEngine({ variant }).compile(model, { threads });
      outputs.push(executable.run(input));
      executable.dispose();
    }
    expect(outputs[1]).toStrictEqual(outputs[0]);
    expect(outputs[2]).toStrictEqual(outputs[0]);
    expect(new Set(outputs[0]).size).toBeGreaterThan(5);
  });

  it('takes a worker factory', async () => {
    let made = 0;
    const createWorker = () => {
      made++;
      return createInlineWorker();
    };
    const executable = await wasmEngine({ createWorker }).compile(small(), { threads: 3 });
    expect(made).toBe(2);
    expect(await workerSource()).not.toContain('import(');
    executable.dispose();
  });

  describe('where workers cannot be made', () => {
    const silent = (): WorkerLike => ({ postMessage: () => {}, terminate: () => {}, on: () => {} });
    const failing = (event: string, value: unknown) => (): WorkerLike => ({
      ...silent(),
      on: (name, listener) => void (name === event && listener(value)),
    });
    const cases: [string, () => WorkerLike, RegExp][] = [
      ['never answer', silent, /silent for 80 ms/],
      ['fail', failing('error', new RangeError('no room')), /no room/],
      ['say what went wrong', failing('message', 'LinkError: memory'), /LinkError: memory/],
      ['fail without a word', failing('error', { isTrusted: true }), /got "no reason"/],
      ['end at once', failing('exit', 1), /exit/],
      [
        'are refused',
        () => {
          throw new Error('SecurityError');
        },
        /SecurityError/,
      ],
    ];
    it.each(cases)('they %s: one thread with the reason and the remedy', async (_, createWorker, why) => {
      const engine = wasmEngine({ createWorker, startMs: 80 });
      const executable = await engine.compile(small(), { threads: 3 });
      const report = executable.report();
      expect(report.threads).toBe(1);
      expect(report.threadsReason).toMatch(why);
      expect(report.threadsReason).toContain('worker-src blob:');
      const input = randomData('u8', [17 * 13 * 3], 9) as Uint8Array;
      expect(executable.run(input)).toStrictEqual((await jsEngine().compile(small())).run(input));
      executable.dispose();
      await expect(engine.compile(small(), { threads: 3, strict: true })).rejects.toMatchObject({
        code: 'backend-unavailable',
        message: expect.stringMatching(why),
      });
    });

    it('loadModel stays on this engine', async () => {
      const engine = wasmEngine({ createWorker: silent, startMs: 80 });
      const { plan, weights, metadata } = small();
      const file = encodeModel(plan, weights, metadata);
      const model = await loadModel(file, { engine: [engine, jsEngine()], threads: 2 });
      expect(model.report()).toMatchObject({ engine: 'wasm', threads: 1, skipped: [] });
      expect(model.report().threadsReason).toContain('silent');
      model.dispose();
    });
  });

  describe('hosts whose workers look like those of a browser', () => {
    const input = randomData('u8', [17 * 13 * 3], 9) as Uint8Array;

    it('`self` is an object in a worker of Node', async () => {
      const { Worker } = process.getBuiltinModule('node:worker_threads');
      const source = await workerSource();
      const createWorker = () =>
        new Worker(`globalThis.self = globalThis;${source}`, { eval: true }) as unknown as WorkerLike;
      const executable = await wasmEngine({ createWorker, startMs: 5000 }).compile(small(), { threads: 3 });
      expect(executable.report()).toMatchObject({ threads: 3 });
      expect(executable.run(input)).toStrictEqual((await jsEngine().compile(small())).run(input));
      executable.dispose();
    });
  });

  describe('a worker that dies', () => {
    /** Workers of an executable, to be ended behind its back. */
    const watched = (stallMs: number) => {
      const workers: WorkerLike[] = [];
      const createWorker = () => (workers.push(createInlineWorker()), workers.at(-1)!);
      return { engine: wasmEngine({ createWorker, stallMs }), workers };
    };
    const input = randomData('u8', [17 * 13 * 3], 9) as Uint8Array;

    it('ends no run: it finishes on one thread, as do later ones, and the report says so', async () => {
      const { engine, workers } = watched(200);
      const expected = (await jsEngine().compile(small())).run(input);
      const executable = await engine.compile(small(), { threads: 3 });
      expect(executable.run(input)).toStrictEqual(expected);
      await workers[1]!.terminate();
      const start = process.cpuUsage();
      const began = performance.now();
      expect(executable.run(input)).toStrictEqual(expected);
      const took = performance.now() - began;
      const { user, system } = process.cpuUsage(start);
      expect(took).toBeGreaterThan(150);
      expect(took).toBeLessThan(5000);
      // Asleep, not busy.
      expect((user + system) / 1000).toBeLessThan(0.8 * took);
      expect(executable.report()).toMatchObject({
        threads: 1,
        threadsReason: 'a worker thread was lost during a run',
      });
      const again = performance.now();
      for (let i = 0; i < 5; i++) expect(executable.run(input)).toStrictEqual(expected);
      expect(performance.now() - again).toBeLessThan(took);
      executable.dispose();
      expect(() => executable.run(input)).toThrow(expect.objectContaining({ code: 'disposed' }));
    });

    it('is an error in strict mode, after which runs work', async () => {
      const { engine, workers } = watched(100);
      const expected = (await jsEngine().compile(small())).run(input);
      const executable = await engine.compile(small(), { threads: 2, strict: true });
      await workers[0]!.terminate();
      expect(() => executable.run(input)).toThrow(expect.objectContaining({ code: 'invalid-state' }));
      expect(executable.run(input)).toStrictEqual(expected);
      executable.dispose();
    });

    it('in the middle of runs', async () => {
      const model = vggSmall();
      const image = randomData('u8', model.plan.buffers[0]!.shape, 3) as Uint8Array;
      const { engine, workers } = watched(200);
      const executable = await engine.compile(model, { threads: 2 });
      const expected = executable.run(image);
      // Not awaited: the worker ends during the runs that follow.
      void workers[0]!.terminate();
      for (let i = 0; i < 50; i++) expect(executable.run(image)).toStrictEqual(expected);
      expect(executable.report().threads).toBe(1);
      executable.dispose();
    });

    it('takes a sensible time only', () => {
      for (const stallMs of [0, -1, NaN, Infinity, 1e9])
        expect(() => wasmEngine({ stallMs })).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    });

    it(`${cycles} cycles of create and dispose leave no worker`, async () => {
      let alive = 0;
      const createWorker = () => {
        const worker = createInlineWorker();
        alive++;
        worker.on!('exit', () => void alive--);
        return worker;
      };
      const model = small();
      for (let i = 0; i < cycles; i++) {
        const executable = await wasmEngine({ createWorker }).compile(model, { threads: 2 });
        if (i % 20 === 0) executable.run(input);
        executable.dispose();
      }
      await vi.waitFor(() => expect(alive).toBe(0), 10_000);
    }, 60_000);
  });

  it('falls back to one thread with the reason, or refuses in strict mode', async () => {
    const engine = wasmEngine({ variant: 'scalar' });
    const executable = await engine.compile(small(), { threads: 2 });
    const report: EngineReport = executable.report();
    expect(report).toMatchObject({
      threads: 1,
      threadsReason: 'the scalar build has no threads',
      variant: 'scalar',
    });
    await expect(engine.compile(small(), { threads: 2, strict: true })).rejects.toMatchObject({
      code: 'kernel-missing',
    });
  });

  it.each([
    [{ threads: 0 }, /threads.*from 1 to 64/],
    [{ threads: 1.5 }, /threads/],
    [{ threads: 65 }, /threads/],
    [{ threads: NaN }, /threads/],
    [{ thread: 2 }, /no option "thread".*Did you mean "threads"/],
    [{ strict: 'yes' }, /strict.*true or false/],
    [{ memoryBytes: 0 }, /memoryBytes/],
    [{ signal: {} }, /signal.*AbortSignal/],
  ])('compile refuses %j', async (options, message) => {
    const compiling = wasmEngine().compile(small(), options as never);
    await expect(compiling).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    [{ variants: 'simd' }, /Did you mean "variant"/],
    [{ variant: 'SIMD' }, /relaxed-simd, simd, scalar/],
    [{ createWorker: 'worker.js' }, /createWorker.*a function/],
    [{ stallMs: '100' }, /stallMs/],
    [{ startMs: 0 }, /startMs/],
  ])('wasmEngine refuses %j', (options, message) => {
    const make = () => wasmEngine(options as never);
    expect(make).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    expect(make).toThrow(message);
  });
});
