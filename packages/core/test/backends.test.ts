// useBackend: the first that works is taken, and the others' reasons are told.
import { describe, expect, it } from 'vitest';
import { useBackend, type BackendAdapter } from '../src/index.js';

const started: string[] = [];
const fake = (
  name: string,
  { reason = '', failure }: { reason?: string; failure?: unknown } = {},
): BackendAdapter => ({
  name,
  capabilities: { fusedKernels: [], gpu: false },
  probe: async () => ({ available: reason === '', reason, features: {} }),
  start: async () => {
    if (failure) throw failure;
    started.push(name);
  },
  report: () => ({}),
  dispose: async () => {},
});

describe('useBackend', () => {
  it('takes the first that is available and starts, with the reasons of those before it', async () => {
    started.length = 0;
    const { backend, skipped } = await useBackend([
      fake('gpu', { reason: 'no adapter' }),
      fake('gl', { failure: new RangeError('context lost') }),
      fake('odd', { failure: 'a string' }),
      fake('cpu'),
      fake('never'),
    ]);
    expect(backend.name).toBe('cpu');
    expect(skipped).toEqual([
      { name: 'gpu', reason: 'no adapter' },
      { name: 'gl', reason: 'context lost' },
      { name: 'odd', reason: 'a string' },
    ]);
    expect(started).toEqual(['cpu']);
  });

  const unavailable = (part: RegExp) =>
    expect.objectContaining({ code: 'backend-unavailable', message: expect.stringMatching(part) });

  it('tells every reason when none works', async () => {
    await expect(
      useBackend([fake('gpu', { reason: 'no adapter' }), fake('gl', { failure: new RangeError('lost') })]),
    ).rejects.toThrow(unavailable(/gpu: no adapter; gl: lost/));
    await expect(useBackend([])).rejects.toThrow(unavailable(/list is empty/));
  });

  it('a backend that never answers is passed over, as is one whose probe fails', async () => {
    const never = (): Promise<never> => new Promise(() => {});
    const broken = { ...fake('broken'), probe: () => Promise.reject(new RangeError('no driver')) };
    const list = [{ ...fake('mute'), probe: never }, { ...fake('stuck'), start: never }, broken, fake('cpu')];
    const { backend, skipped } = await useBackend(list, { startMs: 20 });
    expect(backend.name).toBe('cpu');
    expect(skipped).toEqual([
      { name: 'mute', reason: expect.stringContaining('probe of backend "mute" did not end within 0.02 s') },
      { name: 'stuck', reason: expect.stringContaining('start of backend "stuck" did not end') },
      { name: 'broken', reason: 'no driver' },
    ]);
    await expect(
      useBackend([{ ...fake('stuck'), start: never }], { startMs: 20, strict: true }),
    ).rejects.toThrow(unavailable(/did not end/));
    await expect(useBackend([fake('cpu')], { startMS: 20 } as never)).rejects.toThrow(
      /Did you mean "startMs"/,
    );
  });

  it('never falls back in strict mode', async () => {
    await expect(
      useBackend([fake('gpu', { reason: 'no adapter' }), fake('cpu')], { strict: true }),
    ).rejects.toThrow(unavailable(/gpu: no adapter/));
    const failure = new RangeError('lost');
    await expect(useBackend([fake('gl', { failure }), fake('cpu')], { strict: true })).rejects.toBe(failure);
  });
});
