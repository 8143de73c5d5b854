// Starting: tfjs's file with shared memory, options that are refused, and waits that end with the reason.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { useBackend, type BackendAdapter } from '@bitgrad/core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { wasm } from '../src/index.js';
import { shareMemory } from '../src/training/tfjs-binary.js';

const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
const binary = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(join(folder, name)));

let started: BackendAdapter | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await started?.dispose();
  started = undefined;
});

describe('the SIMD build of tfjs', () => {
  it.each([
    ['tfjs-backend-wasm-simd.wasm', 1716],
    ['tfjs-backend-wasm.wasm', 1682],
  ])('%s: one byte shares its memory, and it stays valid', (name, at) => {
    const [before, bytes] = [binary(name), binary(name)];
    expect(shareMemory(bytes)).toBe(true);
    const changed = [...bytes.keys()].filter((i) => bytes[i] !== before[i]);
    expect(changed).toEqual([at]);
    expect([before[at], bytes[at]]).toEqual([1, 3]);
    expect(WebAssembly.validate(bytes)).toBe(true);
  });

  it('leaves a module without such a memory alone', () => {
    const imported = binary('tfjs-backend-wasm-threaded-simd.wasm');
    for (const bytes of [imported, Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0), new Uint8Array(3)]) {
      const before = bytes.slice();
      expect(shareMemory(bytes)).toBe(false);
      expect(Buffer.from(bytes).equals(before)).toBe(true);
    }
  });
});

/** A worker that neither answers nor fails. */
class Silent {
  static ended = 0;
  once(): void {}
  unref(): void {}
  terminate(): void {
    Silent.ended++;
  }
}

const withSilentWorkers = (): void => {
  const load = process.getBuiltinModule.bind(process);
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(((id: string) => {
    if (id === 'node:worker_threads') return { Worker: Silent };
    return id === 'node:os' ? { availableParallelism: () => 2 } : load(id);
  }) as never);
};

describe('waits have a limit', () => {
  it('threads that never answer: one thread where that is allowed, with the reason', async () => {
    withSilentWorkers();
    Silent.ended = 0;
    started = wasm({ startMs: 100 });
    await started.start();
    const { features } = await started.probe();
    expect(features).toMatchObject({ threads: 1 });
    expect(features['threadObstacle']).toMatch(/worker thread cannot be started \(no answer within 0.1 s\)/);
    expect(Silent.ended).toBe(1);
    const a = tf.ones([300, 300]);
    expect(tf.sum(tf.matMul(a, a)).dataSync()[0]).toBe(300 ** 3);
  });

  it('threads that never answer: an error where they were asked for', async () => {
    withSilentWorkers();
    started = wasm({ threads: 2, startMs: 100 });
    await expect(started.start()).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringContaining('no answer within 0.1 s'),
    });
    await expect(useBackend([started])).rejects.toThrow(/wasm: .*no answer within 0.1 s/);
  });

  it('a start of tfjs that never settles', async () => {
    const factory = tf.findBackendFactory('wasm');
    tf.removeBackend('wasm');
    tf.registerBackend('wasm', () => new Promise(() => {}), 2);
    try {
      await expect(wasm({ startMs: 100 }).start()).rejects.toMatchObject({
        code: 'backend-unavailable',
        message: expect.stringContaining('the start of the tfjs wasm backend did not come within 0.1 s'),
      });
    } finally {
      tf.removeBackend('wasm');
      tf.registerBackend('wasm', factory, 2);
    }
  });
});

describe('threads', () => {
  it('on a backend that was started without a shared memory: one, with the reason; asked for, refused', async () => {
    const factory = tf.findBackendFactory('wasm');
    tf.removeBackend('wasm');
    setWasmPaths(`${folder}/`);
    tf.registerBackend('wasm', factory, 2);
    await tf.setBackend('wasm');
    started = wasm();
    await started.start();
    const { features } = await started.probe();
    expect(features).toMatchObject({ threads: 1 });
    expect(features['threadObstacle']).toMatch(/is not shared: it was started before/);
    await started.dispose();
    await expect(wasm({ threads: 2 }).start()).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringContaining('is not shared'),
    });
    tf.removeBackend('wasm');
    tf.registerBackend('wasm', factory, 2);
  });

  it('a file that is not there is named', async () => {
    const factory = tf.findBackendFactory('wasm');
    tf.removeBackend('wasm');
    tf.registerBackend('wasm', factory, 2);
    await expect(wasm({ wasmPaths: '/nowhere/' }).start()).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringContaining('/nowhere/tfjs-backend-wasm-simd.wasm'),
    });
  });
});

describe('options', () => {
  it.each([
    [{ thread: 2 }, /no option "thread".*Did you mean "threads"/],
    [{ threads: '2' }, /threads.*integer from 1 to 64/],
    [{ wasmPath: '/wasm/' }, /Did you mean "wasmPaths"/],
    [{ wasmPaths: '/wasm' }, /trailing slash/],
    [{ wasmPaths: { 'tfjs-backend-wasm.wasm': '/a.wasm' } }, /a map with "tfjs-backend-wasm-simd.wasm"/],
    [{ fused: 1 }, /fused.*true or false/],
    [{ startMs: 0 }, /startMs.*from 50/],
    ['wasm', /options of wasm.*an object/],
    [[], /options of wasm.*an object/],
  ])('%j is refused', (options, message) => {
    const make = (): BackendAdapter => wasm(options as never);
    expect(make).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    expect(make).toThrow(message);
  });
});
