// Life of models on WebGPU, in Node by Dawn: loss and restore, leaks, sharing, counts, refusal of software.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { convTrial } from '@bitgrad/testkit/engine';
import { jsEngine } from '@bitgrad/runtime';
import { webgpuEngine } from '../src/engine/index.js';
import { dawn } from './support/dawn.js';
import { cycles } from '@bitgrad/tooling/endurance';
import { sideBySide } from '@bitgrad/gpu-tests/side-by-side';
import { watchGpu } from './support/watch.js';

const gpu = await dawn();
const small = convTrial({ type: 'u8', size: [2, 2], c: 3, cOut: 4, kernel: [1, 1], weight: 'i8' });
const want = (await jsEngine().compile(small)).run(small.input);

afterEach(() => vi.restoreAllMocks());

const watched = () => watchGpu(gpu!);

it('starts where it is required', () => {
  if (process.env['BITGRAD_REQUIRE']?.split(',').includes('dawn')) expect(gpu).toBeDefined();
});

describe.skipIf(!gpu)('on Dawn', () => {
  it('two models on one device work side by side', async () => {
    const seen = watched();
    expect(await sideBySide(webgpuEngine({ gpu: seen.gpu }))).toBe(0);
    expect(seen.devices).toHaveLength(1);
    expect(seen.buffers()).toBe(0);
  });

  it(`${cycles} cycles of create and dispose leave no buffer and no device`, async () => {
    const seen = watched();
    const engine = webgpuEngine({ gpu: seen.gpu });
    const keeper = await engine.compile(small);
    const kept = seen.buffers();
    for (let i = 0; i < cycles; i++) {
      const executable = await engine.compile(small);
      if (i % 50 === 0) expect(await executable.runAsync(small.input)).toStrictEqual(want);
      executable.dispose();
    }
    expect(seen.buffers()).toBe(kept);
    keeper.dispose();
    expect(seen.buffers()).toBe(0);
    expect(seen.devices).toHaveLength(1);
    expect((await seen.devices[0]!.lost).reason).toBe('destroyed');
  });

  it('a lost device gives a typed error, also during a run, and restore() continues on a new one', async () => {
    const seen = watched();
    const engine = webgpuEngine({ gpu: seen.gpu });
    const [one, two] = await Promise.all([engine.compile(small), engine.compile(small)]);
    expect(await one.runAsync(small.input)).toStrictEqual(want);
    const running = one.runAsync(small.input);
    const during = expect(running).rejects.toMatchObject({ code: 'context-lost' });
    seen.devices[0]!.destroy();
    await during;
    await expect(two.runAsync(small.input)).rejects.toMatchObject({ code: 'context-lost' });
    await Promise.all([one.restore(), two.restore()]);
    expect(seen.devices).toHaveLength(2);
    expect(await one.runAsync(small.input)).toStrictEqual(want);
    expect(await two.runAsync(small.input)).toStrictEqual(want);
    await one.restore();
    expect(seen.devices).toHaveLength(2);
    one.dispose();
    two.dispose();
    await seen.devices[1]!.lost;
    await expect(one.restore()).rejects.toMatchObject({ code: 'disposed' });
  });

  it('a batch is one submission, and the counts tell dispatches and bytes', async () => {
    const adapter = await gpu!.requestAdapter();
    const device = await adapter!.requestDevice();
    const executable = await webgpuEngine({ device }).compile(
      convTrial({ type: 'bits', size: [6, 6], c: 64, cOut: 32, threshold: true }),
    );
    const submit = vi.spyOn(device.queue, 'submit');
    await executable.runAsync(new Float32Array(3 * 36 * 64));
    expect(submit).toHaveBeenCalledTimes(1);
    const { ops, perInference } = executable.report();
    expect(ops.map(({ kernel }) => kernel)).toEqual([
      'threshold',
      'xnor-conv-tiled',
      'fused:1',
      'xnor-dense-tiled',
    ]);
    expect(perInference).toMatchObject({
      dispatches: 3,
      bytesUploaded: 4 * 36 * 64,
      bytesReadBack: 4 * 16 * 7,
    });
    expect(perInference.bytesWritten).toBe(4 * (36 * 2 + 16 + 16 * 7));
    executable.dispose();
    // A device of the user's lives on.
    expect(device.createBuffer({ size: 16, usage: 8 }).size).toBe(16);
    device.destroy();
  });

  it('a batch that no buffer of the device holds takes several submissions', async () => {
    const device = await (await gpu!.requestAdapter())!.requestDevice();
    const executable = await webgpuEngine({ device }).compile(small);
    const submit = vi.spyOn(device.queue, 'submit');
    // As if the largest buffer held 7 results of 16 bytes.
    vi.spyOn(device, 'limits', 'get').mockReturnValue({ ...device.limits, maxBufferSize: 119 } as never);
    const one = small.input as Uint8Array;
    const batch = Uint8Array.from({ length: 20 * one.length }, (_, i) => (i * 37) & 255);
    const expected = (await jsEngine().compile(small)).run(batch);
    expect(await executable.runAsync(batch)).toStrictEqual(expected);
    expect(submit.mock.calls.length).toBeGreaterThan(2);
    executable.dispose();
    device.destroy();
  });

  it('refuses a software renderer when told so', async (context) => {
    const engine = webgpuEngine({ gpu: gpu!, allowSoftware: false });
    const { available, reason, features } = await engine.probe();
    if (!features['software']) context.skip(`hardware: ${String(features['adapter'])}`);
    expect(available).toBe(false);
    expect(reason).toMatch(/software renderer/);
    await expect(engine.compile(small)).rejects.toMatchObject({ code: 'backend-unavailable' });
  });
});

it('says why it cannot start where there is no WebGPU', async () => {
  const { available, reason } = await webgpuEngine().probe();
  expect(available).toBe(false);
  expect(reason).toBe('WebGPU is not available here');
  await expect(webgpuEngine().compile(small)).rejects.toMatchObject({ code: 'backend-unavailable' });
});

it('refuses options that it does not know, and values of the wrong kind', async () => {
  const wrong = (options: object) => () => webgpuEngine(options as never);
  expect(wrong({ powerPreferences: 'low-power' })).toThrow(/Did you mean "powerPreference"/);
  for (const options of [{ powerPreference: 'low' }, { device: {} }, { gpu: 1 }, { allowSoftware: 1 }])
    expect(wrong(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  await expect(webgpuEngine().compile({} as never, { thread: 2 } as never)).rejects.toMatchObject({
    code: 'invalid-option',
  });
});
