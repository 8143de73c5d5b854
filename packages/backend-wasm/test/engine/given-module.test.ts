// Modules that the caller gives: compiled ahead of time, as bytes, or by address.
import { writeFileSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { jsEngine } from '@bitgrad/runtime';
import { planBuilder } from '../../bench/plans.js';
import { moduleFile } from '../../scripts/files.js';
import { detectFeatures } from '../../src/engine/features.js';
import { kernelsId, moduleNames } from '../../src/engine/given-module.js';
import { wasmEngine, type WasmEngineOptions } from '../../src/engine/index.js';
import { randomData } from './support/models.js';

const b = planBuilder({ type: 'u8', shape: [17, 13, 3] }, 5);
const model = b.build(b.affine(b.dense(b.flatten(b.threshold(b.conv(0, 40, 3))), 130)), 'small');
const input = randomData('u8', [17 * 13 * 3], 9) as Uint8Array;
const expected = (await jsEngine().compile(model)).run(input);

/** What an engine of some options reports, after its result was compared. */
async function ran(options: WasmEngineOptions, threads = 1) {
  const executable = await wasmEngine(options).compile(model, { threads });
  expect(executable.run(input)).toStrictEqual(expected);
  const report = executable.report();
  executable.dispose();
  return report;
}

describe.each(moduleNames)('%s.wasm', (name) => {
  it('runs as bytes and as a compiled module, on all threads that it has', async () => {
    const bytes = await moduleFile(name, kernelsId);
    const variant = name.replace('-threads', '');
    if (variant === 'relaxed-simd' && !detectFeatures().relaxedSimd)
      return expect(ran({ module: bytes })).rejects.toMatchObject({ code: 'backend-unavailable' });
    expect(await ran({ module: bytes })).toMatchObject({ variant, threads: 1 });
    const report = await ran({ module: await WebAssembly.compile(bytes) }, 3);
    expect(report).toMatchObject({ variant, threads: name.endsWith('-threads') ? 3 : 1 });
    if (name.endsWith('simd')) expect(report.threadsReason).toContain(`${name}-threads.wasm`);
  });
});

it('workers that do not start leave one thread', async () => {
  const module = await moduleFile('simd-threads', kernelsId);
  const createWorker = () => ({ postMessage: () => {}, terminate: () => {}, on: () => {} });
  expect((await ran({ module, createWorker, startMs: 80 }, 2)).threadsReason).toContain('silent');
});

it('a module for threads is refused where no memory can be shared', async () => {
  vi.stubGlobal('crossOriginIsolated', false);
  try {
    await expect(ran({ module: await moduleFile('simd-threads', kernelsId) })).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringMatching(/cross-origin isolated.*Give simd\.wasm/),
    });
  } finally {
    vi.unstubAllGlobals();
  }
});

describe('by address', () => {
  const server = createServer(async ({ url }, response) => {
    if (url === '/silent') return;
    response.writeHead(url === '/simd.wasm' ? 200 : 404);
    response.end(url === '/simd.wasm' ? await moduleFile('simd', kernelsId) : '');
  });
  const address = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;
  beforeAll(() => new Promise<void>((done) => void server.listen(0, '127.0.0.1', done)));
  afterAll(() => (server.closeAllConnections(), void server.close()));

  it('runs from a server or a file', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'module-')), 'simd.wasm');
    writeFileSync(path, await moduleFile('simd', kernelsId));
    for (const module of [address('simd.wasm'), new URL(address('simd.wasm')), pathToFileURL(path)])
      expect(await ran({ module })).toMatchObject({ variant: 'simd' });
  });

  it.each([
    ['nothing', /answers 404.*nothing/],
    ['silent', /silent for 80 ms/],
  ])('%s: says why', async (path, message) => {
    await expect(ran({ module: address(path), startMs: 80 })).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringMatching(message),
    });
  });
});

it.each([
  ['another module', () => Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0), 'invalid-option'],
  ['kernels of another version', () => moduleFile('simd', 'older'), 'invalid-option'],
  ['no module', () => Uint8Array.of(1, 2, 3), 'backend-unavailable'],
  ['something else', () => ({}) as never, 'backend-unavailable'],
])('%s is refused', async (_, make, code) => {
  await expect(ran({ module: await make() })).rejects.toMatchObject({ code });
});

it.each([{ module: '' }, { module: null }, { module: 'simd.wasm', variant: 'simd' }])(
  '%j is refused',
  (options) => {
    expect(() => wasmEngine(options as never)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  },
);
