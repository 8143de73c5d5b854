// The executable: arguments, report, memory, asynchronous runs, worker threads, and what is said where it cannot run.
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  createPlanBuilder,
  dirtyMemory,
  encodeModel,
  jsEngine,
  loadModel,
  type Executable,
  type PackedModel,
} from '@bitgrad/runtime';
import { convTrial, randomPlan } from '@bitgrad/testkit/engine';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import { amount } from '@bitgrad/tooling/endurance';
import { findAddon, type Addon } from '../../src/addon.js';
import * as exports from '../../src/engine/index.js';
import { reasonToSkip, sets } from '../support/addon.js';

const { nativeEngine } = exports;

const size = 16 * 16 * 64;
const trial = () => convTrial({ type: 'u8', size: [16, 16], c: 64, cOut: 96 });
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);
const inputs = (n: number): Uint8Array => Uint8Array.from({ length: n * size }, (_, i) => (i * 31) & 255);

/** A convolution of bytes with i8 weights, a pool of 3x3 by steps of 2, and an affine step. */
function pooled(shape: readonly [number, number, number], cOut: number): PackedModel {
  const b = createPlanBuilder();
  const x = b.buffer('u8', shape);
  const window = { kernel: [3, 3], dilations: [1, 1], pads: [1, 1, 1, 1] } as const;
  const weights = Int8Array.from({ length: cOut * 9 * shape[2] }, (_, i) => (i * 37) % 255);
  const kernel = b.weight('i8', [cOut, 3, 3, shape[2]], weights);
  const plain = { padValue: 0, shift: 1, groups: 1 };
  const sums = b.op({ op: 'conv', inputs: [x], weights: [kernel], ...window, strides: [1, 1], ...plain });
  const most = b.op({ op: 'maxPool', inputs: [sums], ...window, strides: [2, 2] });
  const steps = (step: number) =>
    b.weight(
      'f32',
      [cOut],
      Float32Array.from({ length: cOut }, (_, c) => step * c),
    );
  return b.finish(x, b.op({ op: 'affine', inputs: [most], weights: [steps(0.3), steps(7)] }), {});
}

it('every exported function works or raises a BitgradError', async () => {
  const cases = { nativeEngine: { args: () => [{}], options: 0 } };
  expect(await wrongCalls(exports, { cases })).toEqual([]);
});

describe.skipIf(reasonToSkip())('an executable', () => {
  it('runs batches, takes an output array, and refuses wrong lengths and types', async () => {
    const executable = await nativeEngine().compile(trial());
    const expected = (await jsEngine().compile(trial())).run(inputs(3));
    expect(executable.run(inputs(3))).toStrictEqual(expected);
    const output = new Int32Array(expected.length);
    expect(executable.run(new Uint8ClampedArray(inputs(3)), output)).toBe(output);
    expect(output).toStrictEqual(expected);
    expect(await executable.runAsync(inputs(3), output)).toBe(output);
    for (const bad of [new Uint8Array(size + 1), new Uint8Array(0), new Float32Array(size), undefined])
      expect(() => executable.run(bad as Uint8Array)).toThrow(
        expect.objectContaining({ code: 'shape-mismatch' }),
      );
    expect(() => executable.run(inputs(1), new Int32Array(9))).toThrow(
      expect.objectContaining({ code: 'shape-mismatch' }),
    );
    executable.dispose();
    executable.dispose();
    expect(() => executable.run(inputs(1))).toThrow(expect.objectContaining({ code: 'disposed' }));
    await expect(executable.runAsync(inputs(1))).rejects.toMatchObject({ code: 'disposed' });
  });

  it.each([1, 2, 3])('makes and pools a large image band by band, on %i threads', async (threads) => {
    // More than a megabyte of sums for the pool, and a byte more of everything than whole tiles.
    const model = pooled([75, 73, 3], 65);
    const input = Uint8Array.from({ length: 75 * 73 * 3 }, (_, i) => (i * 2654435761) >>> 24);
    const expected = (await jsEngine().compile(model)).run(input);
    const executable = await nativeEngine().compile(model, { threads });
    executable[dirtyMemory]!((bytes) => bytes.fill(0xa5));
    expect(Buffer.compare(bytesOf(executable.run(input)), bytesOf(expected))).toBe(0);
    // Of a batch, each thread makes its own.
    const two = executable.run(new Uint8Array([...input, ...input]));
    expect(Buffer.compare(bytesOf(two.subarray(expected.length)), bytesOf(expected))).toBe(0);
    executable.dispose();
  });

  it.each([2, 3])('gives examples of a batch to %i threads, each with its own memory', async (threads) => {
    const expected = (await jsEngine().compile(trial())).run(inputs(8));
    const one = expected.length / 8;
    const executable = await nativeEngine().compile(trial(), { threads });
    // Of all counts: a multiple of the threads, a rest, and too few.
    for (const count of [8, 1, 7, 2, 6]) {
      // Nothing of an earlier run is there, in no thread's memory.
      executable[dirtyMemory]!((bytes) => bytes.fill(0xa5));
      const result = executable.run(inputs(8).subarray(0, count * size));
      expect(Buffer.compare(bytesOf(result), bytesOf(expected.subarray(0, count * one)))).toBe(0);
    }
    // Not more memory than is allowed: then layers are shared, with the same results.
    const { arenaBytes, weightBytes } = executable.report();
    const memoryBytes = Math.floor(1.2 * (arenaBytes + weightBytes));
    const narrow = await nativeEngine().compile(trial(), { threads, memoryBytes });
    expect(Buffer.compare(bytesOf(narrow.run(inputs(8))), bytesOf(expected))).toBe(0);
    narrow.dispose();
    executable.dispose();
  });

  it('takes arrays that share memory, also with other threads', async () => {
    const executable = await nativeEngine().compile(trial());
    const expected = executable.run(inputs(1));
    for (const Buffer of [ArrayBuffer, SharedArrayBuffer]) {
      const bytes = new Buffer(size + 4 * expected.length) as ArrayBuffer;
      const [input, output] = [new Uint8Array(bytes, 0, size), new Int32Array(bytes, 0, expected.length)];
      input.set(inputs(1));
      expect(executable.run(input, output)).toStrictEqual(expected);
      input.set(inputs(1));
      expect(await executable.runAsync(input, output)).toStrictEqual(expected);
    }
    executable.dispose();
  });

  it('leaves the event loop free, keeps the order, and takes its input at the call', async () => {
    const executable = await nativeEngine().compile(trial(), { threads: 2 });
    // So many that they take some ten turns of the timer.
    const many = 600;
    const expected = executable.run(inputs(many));
    const input = inputs(many);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const first = executable.runAsync(input);
    const second = executable.runAsync(input.subarray(0, size));
    input.fill(0);
    executable.dispose();
    const results = await first;
    clearInterval(timer);
    // Not element by element: they are many.
    expect(Buffer.compare(bytesOf(results), bytesOf(expected))).toBe(0);
    expect(ticks).toBeGreaterThan(1);
    expect(await second).toStrictEqual(expected.subarray(0, expected.length / many));
  });

  it('memory stays flat over many inferences and many models', async () => {
    const model = trial();
    const runs = amount({ test: 100, variable: 'BITGRAD_RUNS' });
    const input = inputs(1);
    const output = (await jsEngine().compile(model)).run(input);
    const use = async (): Promise<void> => {
      const executable = await nativeEngine().compile(model, { threads: 3 });
      for (let i = 0; i < 20; i++) executable.run(input, output);
      await executable.runAsync(input, output);
      executable.dispose();
    };
    for (let i = 0; i < 20; i++) await use();
    const before = process.memoryUsage();
    for (let i = 0; i < runs; i++) await use();
    const after = process.memoryUsage();
    expect(after.rss - before.rss).toBeLessThan(40 << 20);
  });

  it('reports what ran, and keeps to the memory limit', async () => {
    const executable = await nativeEngine().compile(
      convTrial({ type: 'bits', size: [8, 8], c: 64, cOut: 32 }),
      { threads: 2 },
    );
    const { engine, variant, threads, ops, arenaBytes, weightBytes } = executable.report();
    expect({ engine, threads }).toEqual({ engine: 'native', threads: 2 });
    expect(sets()).toContain(variant);
    expect(ops.map(({ kernel }) => kernel)).toContain(`xnor-${variant}`);
    expect(arenaBytes + weightBytes).toBeGreaterThan(0);
    executable.dispose();
    const compiling = nativeEngine().compile(trial(), { memoryBytes: arenaBytes });
    await expect(compiling).rejects.toMatchObject({ code: 'limit-exceeded' });
  });

  it('stops when it is aborted, and says why a set of instructions is not used', async () => {
    const controller = new AbortController();
    const compiling = nativeEngine().compile(trial(), { signal: controller.signal });
    controller.abort();
    await expect(compiling).rejects.toMatchObject({ name: 'AbortError' });
    const other = process.arch === 'arm64' ? 'avx2' : 'neon';
    const { available, reason } = await nativeEngine({ isa: other }).probe();
    expect({ available, reason }).toEqual({
      available: false,
      reason: `isa is ${other}; this processor has ${sets().join(', ')}`,
    });
    process.env['BITGRAD_NATIVE_ISA'] = other;
    try {
      const { plan, weights } = randomPlan(3, 4);
      const model = await loadModel(encodeModel(plan, weights), { engine: [nativeEngine(), jsEngine()] });
      expect(model.report()).toMatchObject({
        engine: 'js',
        skipped: [{ name: 'native', reason: expect.stringContaining('BITGRAD_NATIVE_ISA is') }],
      });
      process.env['BITGRAD_NATIVE_ISA'] = 'portable';
      expect((await nativeEngine().probe()).features).toMatchObject({ isa: 'portable' });
    } finally {
      delete process.env['BITGRAD_NATIVE_ISA'];
    }
  });

  it('runs in worker threads, which may end in the middle of a run', { timeout: 60_000 }, async () => {
    const file = JSON.stringify(new URL('../support/worker.ts', import.meta.url).href);
    // A worker made of a text looks for packages from the folder in which the tests were started.
    const tsx = JSON.stringify(
      new URL('../../node_modules/tsx/dist/esm/api/index.mjs', import.meta.url).href,
    );
    const source = `import(${tsx}).then(({ register }) => (register(), import(${file})))`;
    const answer = (ends: boolean): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const options = { eval: true, workerData: { ends }, execArgv: ['--conditions=@bitgrad/source'] };
        const worker = new Worker(source, options);
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    const [sum, other, ended] = await Promise.all([answer(false), answer(false), answer(true)]);
    expect([sum, other, ended]).toEqual([expect.any(Number), sum, 'ends']);
  });
});

describe.skipIf(reasonToSkip())('the addon', () => {
  const layout = {
    totalBytes: 256,
    arenaAt: 128,
    programAt: 0,
    groups: 1,
    scratchAt: 256,
    scratchBytes: 0,
    threads: 1,
    limitBytes: 2 ** 20,
    input: { at: 128, lines: 1, pixels: 1, bytes: 4, pixel: 4, pitch: 4 },
    output: { at: 192, lines: 1, pixels: 1, bytes: 4, pixel: 4, pitch: 4 },
  };
  const program = (changes: object, words: readonly number[] = []) => {
    const image = new Uint8Array(128 + 160);
    new Int32Array(image.buffer).set(words);
    const whole = { ...layout, arenaAt: 320, totalBytes: 448, ...changes };
    const { arenaAt } = whole;
    return new (findAddon() as { addon: Addon }).addon.NativeProgram(
      image.slice(0, arenaAt),
      whole,
      'portable',
    );
  };

  it('refuses layouts that are none', () => {
    const wrong: readonly object[] = [
      { totalBytes: -1 },
      { totalBytes: NaN },
      { totalBytes: 1e300 },
      { threads: 0 },
      { limitBytes: -1 },
      { threads: 65 },
      { arenaAt: 33 },
      { input: { ...layout.input, lines: 0 } },
      { input: { ...layout.input, lines: 2 ** 32, pixels: 2 ** 32 } },
      { groups: 1e6 },
      { programAt: 2 ** 32 },
    ];
    for (const changes of wrong) expect(() => program(changes), JSON.stringify(changes)).toThrow();
  });

  it('refuses records that reach beyond their memory, and unknown ones', () => {
    for (const record of wrongRecords) {
      let made;
      try {
        made = program({ arenaAt: 256, totalBytes: 384, ...at }, [1, 1, 1, 1, 1, 0, 0, 0, ...record]);
      } catch {
        continue;
      }
      const output = new Uint8Array(4);
      expect(() => made.run(new Uint8Array(4), output), record.join()).toThrow(/record|opcode/);
      made.dispose();
      expect(() => made.run(new Uint8Array(4), output)).toThrow(/disposed/);
    }
  });
  const at = { input: { ...layout.input, at: 256 }, output: { ...layout.output, at: 320 } };
  /** Opcode, 0, and then a view of 2^31, or words that are addresses. */
  const far = 2 ** 31 - 1;
  const wrongRecords = [0, 2, 3, 16, 20, 29, 32, 36, 38, 48, 49, 64, 80, 96, 97, -1].map((opcode) => [
    opcode,
    0,
    ...Array.from({ length: 38 }, () => far),
  ]);
});

describe.skipIf(reasonToSkip())('on other threads', () => {
  it('gives the same results on any number, with memory full of noise', async () => {
    const model = randomPlan(7, 8);
    const run = (executable: Executable): unknown => {
      executable[dirtyMemory]!((memory) => memory.fill(0xa5));
      return executable.run(model.input);
    };
    const expected = run(await jsEngine().compile(model));
    for (const threads of [1, 2, 5, 16]) {
      const executable = await nativeEngine().compile(model, { threads });
      for (let i = 0; i < 10; i++) expect(run(executable)).toStrictEqual(expected);
      executable.dispose();
    }
  });
});
