// Waits with a limit: what comes in time counts, what never comes is an error, and a busy thread is not mistaken for it.
import { describe, expect, it, vi } from 'vitest';
import { within } from '../src/index.js';

const late = (): Error => new Error('too late');
const after = <T>(ms: number, value: T): Promise<T> =>
  new Promise((resolve) => setTimeout(() => resolve(value), ms));

describe('within', () => {
  it('passes on what comes in time', async () => {
    await expect(within(1000, after(5, 'here'), late)).resolves.toBe('here');
    await expect(within(1000, Promise.reject(new RangeError('no')), late)).rejects.toThrow('no');
  });

  it('gives up', async () => {
    const began = performance.now();
    await expect(within(40, new Promise(() => {}), late)).rejects.toThrow('too late');
    expect(performance.now() - began).toBeGreaterThan(30);
  });

  it('an answer that came while the thread was busy counts', async () => {
    const waiting = within(40, after(30, 'here'), late);
    const end = performance.now() + 120;
    while (performance.now() < end);
    await expect(waiting).resolves.toBe('here');
  });

  it('leaves no timer behind', async () => {
    vi.useFakeTimers();
    try {
      await within(1000, Promise.resolve(1), late);
      await Promise.resolve();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
