// What is passed by mistake is answered by a BitgradError, unknown options by their nearest name, and a driver that does not
// answer by an error.
import { afterEach, expect, it, vi } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as engine from '../src/engine/index.js';
import * as exports from '../src/index.js';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('every exported function works or raises a BitgradError', async () => {
  expect(await wrongCalls(exports, { cases: { webgpu: { args: () => [{}], options: 0 } } })).toEqual([]);
  const options = {
    gpu: { requestAdapter: () => null },
    device: { createBuffer: () => null },
    powerPreference: 'low-power',
    allowSoftware: true,
  };
  expect(
    await wrongCalls(engine, {
      cases: { webgpuEngine: { args: () => [options], options: 0, methods: ['compile'] } },
    }),
  ).toEqual([]);
});

it('compile names the option that was meant', async () => {
  const compiling = engine.webgpuEngine().compile({} as never, { thread: 2 } as never);
  await expect(compiling).rejects.toThrow(/no option "thread".*Did you mean "threads"/);
});

it('a driver that does not answer is given up', async () => {
  const never = (): Promise<never> => new Promise(() => {});
  const gpu = { requestAdapter: never } as unknown as GPU;
  vi.useFakeTimers();
  vi.stubGlobal('navigator', { gpu });
  const probes = [exports.webgpu().probe(), engine.webgpuEngine({ gpu }).probe()];
  await vi.advanceTimersByTimeAsync(60_000);
  for (const probe of probes)
    expect(await probe).toMatchObject({ available: false, reason: expect.stringContaining('within 60 s') });
  const adapter = { limits: {}, info: {}, requestDevice: never };
  const silentDevice = { requestAdapter: async () => adapter } as unknown as GPU;
  const { requestDevice } = await import('../src/engine/device.js');
  const device = requestDevice(silentDevice).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await device).toMatchObject({ code: 'backend-unavailable' });
});
