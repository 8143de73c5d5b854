import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  BitgradError,
  createPlanBuilder,
  encodeModel,
  jsEngine,
  loadModel,
  type Engine,
} from '../src/index.js';
import { defaultLimits } from '../src/limits.js';
import { readSource } from '../src/source.js';
import { affineModel, convModel } from './support/models.js';

const { plan, weights, metadata } = affineModel();
const file = encodeModel(plan, weights, metadata);
const failure = async (promise: Promise<unknown>): Promise<BitgradError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof BitgradError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
};
const input = Uint8Array.of(4, 10);

const folder = mkdtempSync(join(tmpdir(), 'bitgrad-'));
const path = join(folder, 'm.bitgrad');
const arrivals: string[] = [];
const arrived = async (address: string): Promise<void> => {
  while (!arrivals.includes(address)) await new Promise((done) => setImmediate(done));
};
const server = createServer((request, response) => {
  arrivals.push(request.url!);
  if (request.url === '/m.bitgrad') response.end(Buffer.from(file));
  else if (request.url === '/endless') {
    const timer = setInterval(() => response.write(Buffer.alloc(1000)), 1);
    response.on('close', () => clearInterval(timer));
  } else if (request.url === '/slow') {
    response.write('x');
    response.on('close', () => server.emit('slow closed'));
  } else if (request.url === '/silent') return;
  else response.writeHead(404).end('no');
});
let base = '';
beforeAll(async () => {
  writeFileSync(path, file);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  server.closeAllConnections();
  server.close();
});

it('a file is read as plain bytes: slice() of a Buffer would share its memory with what is beside it', async () => {
  const bytes = await readSource(path, defaultLimits);
  expect(bytes.constructor).toBe(Uint8Array);
  expect(bytes).toEqual(file);
});

describe('sources', () => {
  const sources: [string, () => Parameters<typeof loadModel>[0]][] = [
    ['Uint8Array', () => file],
    ['ArrayBuffer', () => file.buffer],
    ['DataView', () => new DataView(file.buffer)],
    ['Blob', () => new Blob([file])],
    ['Response', () => new Response(file)],
    ['path', () => path],
    ['file URL', () => pathToFileURL(path)],
    ['file URL text', () => pathToFileURL(path).href],
    ['http', () => `${base}/m.bitgrad`],
    ['http URL', () => new URL(`${base}/m.bitgrad`)],
    ['data URL', () => `data:application/octet-stream;base64,${Buffer.from(file).toString('base64')}`],
    ['blob URL', () => URL.createObjectURL(new Blob([file]))],
  ];
  it.each(sources)('%s', async (_, source) => {
    const model = await loadModel(source(), { engine: jsEngine() });
    expect([...(await model.predict(input))]).toEqual([2, 19]);
    expect([...model.predictSync(Uint8Array.of(0, 0, 2, 1))]).toEqual([0, -1, 1, 1]);
    expect(model.metadata).toEqual(metadata);
    expect([model.input, model.output]).toEqual(plan.buffers);
    expect(model.report()).toMatchObject({ engine: 'js', threads: 1, skipped: [], fileBytes: file.length });
    expect(model.report().ops).toEqual([{ index: 0, op: 'affine', name: 'scale', kernel: 'affine' }]);
    model.dispose();
    model.dispose();
    expect((await failure(model.predict(input))).code).toBe('disposed');
  });
  it('fail with what was asked for and why', async () => {
    const load = (source: Parameters<typeof loadModel>[0], limits = {}) =>
      failure(loadModel(source, { engine: jsEngine(), limits }));
    const missing = await load(join(folder, 'none.bitgrad'));
    expect(missing).toMatchObject({ code: 'io', message: expect.stringContaining('none.bitgrad') });
    expect(missing.cause).toMatchObject({ code: 'ENOENT' });
    expect(await load(`${base}/none`)).toMatchObject({ code: 'io', message: expect.stringMatching(/404/) });
    expect((await load('http://127.0.0.1:1/x')).code).toBe('io');
    expect((await load(3 as never)).code).toBe('invalid-option');
    expect((await load({ plan } as never)).code).toBe('invalid-option');
    const limits = { fileBytes: file.length - 1 };
    for (const source of [path, `${base}/m.bitgrad`, file, new Blob([file]), new Response(file)])
      expect((await load(source, limits)).code).toBe('limit-exceeded');
    expect((await load(`${base}/endless`, { fileBytes: 20_000 })).code).toBe('limit-exceeded');
  });
  it.each(['/slow', '/silent'])(
    '%s: a server that goes silent is an error, and let go of',
    async (address) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const closed = address === '/slow' ? once(server, 'slow closed') : undefined;
        const loading = failure(loadModel(base + address, { engine: jsEngine() }));
        await arrived(address);
        let waiting = true;
        void loading.then(() => (waiting = false));
        while (waiting) await vi.advanceTimersByTimeAsync(10_000);
        expect((await loading).message).toMatch(/the server of the model was silent for 60000 ms/);
        await closed;
      } finally {
        vi.useRealTimers();
      }
    },
  );
  it('can be aborted', async () => {
    const reason = new BitgradError({ code: 'invalid-state', source: 'test', what: 'no more' });
    const done = AbortSignal.abort(reason);
    for (const source of [path, file, `${base}/m.bitgrad`])
      expect(await failure(loadModel(source, { engine: jsEngine(), signal: done }))).toBe(reason);
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 30);
    expect(await failure(loadModel(`${base}/slow`, { engine: jsEngine(), signal: controller.signal }))).toBe(
      reason,
    );
  });
});

describe('engines', () => {
  const absent: Engine = {
    name: 'absent',
    probe: async () => ({ available: false, reason: 'no such hardware', features: {} }),
    compile: () => expect.fail('must not be called'),
  };
  const broken: Engine = {
    name: 'broken',
    probe: async () => ({ available: true, reason: '', features: {} }),
    compile: async () => {
      throw new TypeError('cannot');
    },
  };
  const unsure: Engine = {
    ...broken,
    name: 'unsure',
    probe: () => Promise.reject(new TypeError('probe failed')),
  };
  it('are tried in order, and the report says why the first ones do not run', async () => {
    const model = await loadModel(file, { engine: [absent, broken, unsure, jsEngine(), broken] });
    expect(model.report()).toMatchObject({
      engine: 'js',
      skipped: [
        { name: 'absent', reason: 'no such hardware' },
        { name: 'broken', reason: 'cannot' },
        { name: 'unsure', reason: 'probe failed' },
      ],
    });
  });
  it('are all named when none runs', async () => {
    const error = await failure(loadModel(file, { engine: [absent, broken] }));
    expect(error.code).toBe('backend-unavailable');
    expect(error.message).toMatch(/absent: no such hardware; broken: cannot/);
    expect((await failure(loadModel(file, { engine: absent }))).message).toMatch(/absent: no such hardware/);
    const alone = await failure(loadModel(file, { engine: broken }));
    expect(alone).toMatchObject({ code: 'backend-unavailable', cause: expect.any(TypeError) });
  });
  it.each([[null], [[]], ['js'], [{}]])('refuses %j', async (engine) => {
    const error = await failure(loadModel(file, { engine: engine as never }));
    expect(error.code).toBe('invalid-option');
    expect(error.message).toMatch(/jsEngine\(\)/);
  });
  it('a limit is not passed by trying another engine', async () => {
    const limited: Engine = { ...jsEngine(), name: 'limited' };
    const error = await failure(
      loadModel(file, { engine: [limited, jsEngine()], limits: { memoryBytes: 40 } }),
    );
    expect(error.code).toBe('limit-exceeded');
  });
  it('options reach the engine', async () => {
    let seen: unknown;
    const spy: Engine = {
      ...jsEngine(),
      compile: (model, options) => ((seen = options), jsEngine().compile(model, options)),
    };
    await loadModel(file, { engine: spy, threads: 2, strict: true, limits: { memoryBytes: 1e6 } });
    expect(seen).toEqual({ threads: 2, strict: true, memoryBytes: 1e6 });
  });
});

describe('executables of the js engine', () => {
  it('refuse inputs and outputs of another type or length', async () => {
    const executable = await jsEngine().compile({ plan, weights, metadata });
    expect([...executable.run(Uint8ClampedArray.of(4, 10))]).toEqual([2, 19]);
    for (const bad of [
      new Uint8Array(3),
      new Uint8Array(0),
      new Float32Array(2),
      [1, 2],
      undefined,
    ] as Uint8Array[])
      expect(() => executable.run(bad), String(bad)).toThrow(
        /input: got .*expected Uint8Array of a multiple of 2/,
      );
    const output = new Float32Array(4);
    expect(executable.run(Uint8Array.of(4, 10, 0, 0), output)).toBe(output);
    expect([...output]).toEqual([2, 19, 0, -1]);
    for (const bad of [new Float32Array(2), new Int32Array(4)])
      expect(() => executable.run(Uint8Array.of(4, 10, 0, 0), bad)).toThrow(/output array/);
    await expect(executable.runAsync(new Uint8Array(3))).rejects.toThrow(/input/);
  });
  it('refuse more memory than allowed before they take it', async () => {
    const model = convModel();
    await expect(jsEngine().compile(model, { memoryBytes: 100 })).rejects.toMatchObject({
      code: 'limit-exceeded',
    });
    await jsEngine().compile(model, { memoryBytes: 1e5 });
  });
  it('allocate nothing for an inference into a given output', async () => {
    const model = convModel();
    const executable = await jsEngine().compile(model);
    const [image, output] = [new Float32Array(48), new Float32Array(2)];
    const repeat = (n: number) => {
      for (let i = 0; i < n; i++) executable.run(image, output);
    };
    repeat(2000);
    const before = process.memoryUsage();
    repeat(10_000);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 20);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(2 ** 24);
  });
});

it('predict refuses inputs that are not finite: a sign hides them', async () => {
  const builder = createPlanBuilder();
  const x = builder.buffer('f32', [2]);
  const floats = builder.finish(x, builder.op({ op: 'clamp', inputs: [x], min: -1, max: null }));
  const model = await loadModel(encodeModel(floats.plan, floats.weights));
  expect([...(await model.predict(Float32Array.of(3e38, -3)))]).toEqual([Math.fround(3e38), -1]);
  for (const bad of [NaN, Infinity, -Infinity]) {
    const wrong = { code: 'not-finite', message: expect.stringContaining('input 1') as string };
    await expect(model.predict(Float32Array.of(1, bad))).rejects.toMatchObject(wrong);
    expect(() => model.predictSync(Float32Array.of(1, bad))).toThrow(expect.objectContaining(wrong));
  }
});
