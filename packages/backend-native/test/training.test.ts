// The adapter's life: probe, the reason where it does not run, threads, memory, worker threads; and what the addon refuses.
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { functions } from '@bitgrad/backend-wasm/training';
import { useBackend } from '@bitgrad/core';
import { cpu } from '@bitgrad/backend-cpu';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import { describe, expect, it } from 'vitest';
import { findAddon, type Addon } from '../src/addon.js';
import * as exports from '../src/index.js';
import { reasonToSkip, sets } from './support/addon.js';

const { native } = exports;

it('every exported function works or raises a BitgradError', async () => {
  expect(await wrongCalls(exports, { cases: { native: { args: () => [{}], options: 0 } } })).toEqual([]);
});

it('gives way to the next backend with a reason that says what to do', async () => {
  const other = process.arch === 'arm64' ? 'avx2' : 'neon';
  const { backend, skipped } = await useBackend([native({ isa: other }), cpu()]);
  expect(backend.name).toBe('cpu');
  const reason = findAddon().reason ?? `isa is ${other}; this processor has ${sets().join(', ')}`;
  expect(skipped).toEqual([{ name: 'native', reason }]);
  await backend.dispose();
});

describe.skipIf(reasonToSkip())('native()', () => {
  it('probes, starts twice, reports what ran on threads, and gives the kernels back', async () => {
    const adapter = native({ threads: 2 });
    expect(await adapter.probe()).toMatchObject({
      available: true,
      features: { threads: 2, isa: sets()[0] },
    });
    const stock = tf.getKernel('MaxPoolGrad', 'wasm');
    await adapter.start();
    await adapter.start();
    const [x, w] = [tf.ones([4, 12, 12, 32]), tf.ones([3, 3, 32, 32])] as [tf.Tensor4D, tf.Tensor4D];
    tf.dispose(tf.grads((a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same'))([x, w]));
    tf.dispose([x, w]);
    expect(adapter.report()).toMatchObject({
      'Conv2D/threads': 1,
      'Conv2DBackpropFilter/signs': 1,
      'Conv2DBackpropInput/signs': 1,
    });
    await adapter.dispose();
    await adapter.dispose();
    expect(tf.getKernel('MaxPoolGrad', 'wasm')).toBe(stock);
  });

  it('tensors, heap and process stay flat over 200 steps and 20 starts', { timeout: 120_000 }, async () => {
    const net = tfl.sequential({
      layers: [
        tfl.layers.conv2d({ inputShape: [8, 8, 2], filters: 12, kernelSize: 3, padding: 'same' }),
        tfl.layers.maxPooling2d({ poolSize: 2 }),
        tfl.layers.batchNormalization(),
        tfl.layers.flatten(),
        tfl.layers.dense({ units: 3 }),
      ],
    });
    const optimizer = tf.train.adam(0.01);
    const weights = net.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const step = (): number =>
      tf.tidy(() => {
        const x = tf.reshape(tf.sin(tf.range(0, 4 * 128)), [4, 8, 8, 2]);
        const loss = (): tf.Scalar => tf.mean(tf.square(net.apply(x, { training: true }) as tf.Tensor));
        const { value, grads } = tf.variableGrads(loss, weights);
        optimizer.applyGradients(grads as never);
        return value.dataSync()[0]!;
      });
    let adapter = native({ threads: 3 });
    await adapter.start();
    const first = step();
    step();
    const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
    const before = [tf.memory().numTensors, wasm.HEAPU8.length];
    const { rss } = process.memoryUsage();
    let last = first;
    for (let i = 0; i < 200; i++) last = step();
    for (let i = 0; i < 20; i++) {
      await adapter.dispose();
      adapter = native({ threads: 3 });
      await adapter.start();
      step();
    }
    expect([tf.memory().numTensors, wasm.HEAPU8.length]).toEqual(before);
    expect(last).toBeLessThan(first / 2);
    expect(process.memoryUsage().rss - rss).toBeLessThan(60 << 20);
    await adapter.dispose();
  });

  it('threads wait for work without the processor', async () => {
    const adapter = native({ threads: 8 });
    await adapter.start();
    const x = tf.ones([64, 32, 32, 16]);
    tf.dispose([tf.add(x, x), x]);
    expect(adapter.report()).toMatchObject({ 'Add/threads': 1 });
    await sleep(50);
    const start = process.cpuUsage();
    await sleep(500);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(250);
    await adapter.dispose();
  });

  it('runs in worker threads, each with threads of its own', { timeout: 120_000 }, async () => {
    const file = JSON.stringify(new URL('./support/trainer.ts', import.meta.url).href);
    const tsx = JSON.stringify(new URL('../node_modules/tsx/dist/esm/api/index.mjs', import.meta.url).href);
    const source = `import(${tsx}).then(({ register }) => (register(), import(${file})))`;
    const answer = (): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const worker = new Worker(source, { eval: true, execArgv: ['--conditions=@bitgrad/source'] });
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    const [one, other] = await Promise.all([answer(), answer()]);
    expect(one).toEqual(other);
    expect(one).toEqual([expect.any(Number), expect.any(Number)]);
  });
});

describe.skipIf(reasonToSkip())('the addon', () => {
  const { addon } = findAddon() as { addon: Addon };
  const heap = new Uint8Array(1 << 16);

  it.each(sets())('%s: refuses calls that reach beyond the heap, and makes no others of them', (isa) => {
    const training = new addon.NativeTraining(1, isa);
    const results = new Float64Array(1);
    training.functions().forEach((name, index) => {
      const fields = Object.entries<string>(functions[name as keyof typeof functions]);
      const types = fields.map(([, type]) => type);
      const run = (...args: number[]): void => training.run(heap, index, Float64Array.from(args), results);
      // Ranges from 0 on.
      const sizes = (address: number, size: number): number[] =>
        fields.map(([field, type]) =>
          type === 'usize' ? address : field.endsWith('0') ? 0 : type === 'bool' ? 1 : size,
        );
      const far = 2 ** 32 - 4;
      fields.forEach(([field, type], i) => {
        // Strides move nothing where there is one of a kind; native row products keep their tables on the stack.
        if (
          type !== 'usize' ||
          /[NHW]$|stride|runBytes/i.test(field) ||
          `${name} ${field}` === 'convRows scratch'
        )
          return;
        expect(() => run(...sizes(64, 3).with(i, far)), `${name}, ${field}`).toThrow(name);
      });
      if (types.includes('usize')) expect(() => run(...sizes(far, 1000)), name).toThrow(name);
      for (const wrong of [NaN, Infinity, 0.5, 2 ** 40])
        if (types.includes('i32')) expect(() => run(...types.map(() => wrong)), name).toThrow(name);
      expect(() => run(...types.map(() => 1).slice(1)), name).toThrow('calls of');
    });
    training.dispose();
  });

  it('takes the parameters of backend-wasm, and refuses what is no call', () => {
    const training = new addon.NativeTraining(2, 'portable');
    for (const name of training.functions()) expect(functions).toHaveProperty(name);
    const index = training.functions().indexOf('packedPixel');
    const results = new Float64Array(3);
    training.run(heap, index, Float64Array.of(8, 16, 33), results);
    expect([...results]).toEqual([1, 2, 8]);
    expect(() => training.run(heap, index, new Float64Array(0), new Float64Array(0))).toThrow('0 calls');
    expect(() => training.run(heap, 999, new Float64Array(1), results)).toThrow('no function 999');
    for (const threads of [0, 65, 1.5, NaN])
      expect(() => new addon.NativeTraining(threads, 'portable')).toThrow();
    expect(() => new addon.NativeTraining(1, 'abacus')).toThrow('abacus is none of');
    expect(() => training.runPhases(heap, Uint32Array.of(index, 1), new Float64Array(2))).toThrow(
      '1 numbers',
    );
    training.dispose();
    training.dispose();
    expect(() => training.run(heap, index, new Float64Array(2), results.subarray(0, 2))).toThrow(
      'have ended',
    );
  });

  it.each([1, 3])('runs phases one after another on %i threads, up to one that fails', (threads) => {
    const training = new addon.NativeTraining(threads, sets()[0]!);
    const names = training.functions();
    const [pad, parts] = [names.indexOf('padImages'), names.indexOf('sumParts')];
    const floats = new Float32Array(heap.buffer);
    const args = (fields: object) => Object.values(fields) as number[];
    /** A copy of a number of an image each. */
    const copy = (x: number, out: number, n0: number) =>
      args({ x, out, n0, n1: n0 + 1, h: 1, w: 1, c: 1, top: 0, bottom: 0, left: 0, right: 0 });
    const sum = (x: number, out: number) => args({ x, out, parts: 3, size: 1, i0: 0, i1: 1 });
    const run = (phases: number[], ...calls: number[][]): void =>
      training.runPhases(heap, Uint32Array.from(phases), Float64Array.from(calls.flat()));
    for (let round = 1; round <= 300; round++) {
      floats.set([round, 2 * round, 3 * round, 0, 0, 0, 0, 0]);
      const copies = (x: number, out: number) => [0, 1, 2].map((n) => copy(x, out, n));
      run([pad, 3, parts, 1, pad, 1], ...copies(0, 16), sum(16, 28), copy(28, 32, 0));
      expect([...floats.subarray(3, 9)]).toEqual([0, round, 2 * round, 3 * round, 6 * round, 6 * round]);
    }
    floats.set([0, 0], 7);
    const wrong = sum(2 ** 32 - 4, 28);
    expect(() =>
      run([pad, 3, parts, 1, pad, 1], ...[0, 1, 2].map((n) => copy(0, 16, n)), wrong, copy(0, 32, 0)),
    ).toThrow('sumParts');
    expect([...floats.subarray(7, 9)]).toEqual([0, 0]);
    expect(() => run([parts, 0])).toThrow('0 calls of sumParts');
    expect(() => run([parts])).toThrow('0 calls of sumParts');
    expect(() => run([999, 1], sum(0, 28))).toThrow('no function 999');
    expect(() => run([parts, 2], sum(0, 28))).toThrow('2 calls of sumParts with 6 numbers');
    expect(() => run([parts, 1], sum(0, 28), [1])).toThrow('1 numbers more');
    run([]);
    training.dispose();
    expect(() => run([parts, 1], sum(0, 28))).toThrow('have ended');
  });
});
