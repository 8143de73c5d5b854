import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { installKernels, kernelOwner, type Installation } from '../src/index.js';

// A kernel of a backend that exists only as a name: whose answer comes tells whose kernel is registered.
const name = 'owned';
const run = (): unknown => tf.getKernel('Identity', name).kernelFunc({ inputs: {}, backend: {}, attrs: {} });
const answers = (value: string) => (): Installation =>
  installKernels(name, { Identity: () => value as never }, { source: 'test' });

describe('kernelOwner', () => {
  beforeEach(() =>
    tf.registerKernel({ kernelName: 'Identity', backendName: name, kernelFunc: () => 'stock' as never }),
  );
  afterEach(() => tf.unregisterKernel('Identity', name));

  it('puts the stock kernels back on release, and keeps the last report', () => {
    const owner = kernelOwner(name);
    expect(owner.report()).toEqual({});
    owner.take({}, answers('mine'));
    expect(run()).toBe('mine');
    owner.release();
    expect(run()).toBe('stock');
    expect(owner.report()).toEqual({ Identity: 1 });
  });

  it('hands over to the last one that takes; a release of the first then changes nothing', () => {
    const [first, second, backend] = [kernelOwner(name), kernelOwner(name), {}];
    first.take(backend, answers('first'));
    second.take(backend, answers('second'));
    expect([first.holds(backend), second.holds(backend)]).toEqual([false, true]);
    first.release();
    expect(run()).toBe('second');
    second.release();
    expect(run()).toBe('stock');
  });

  it('replaces kernels that were made for a backend object that is gone', () => {
    const [owner, old, fresh] = [kernelOwner(name), {}, {}];
    owner.take(old, answers('old'));
    expect(owner.holds(fresh)).toBe(false);
    owner.take(fresh, answers('fresh'));
    expect([run(), owner.holds(old), owner.holds(fresh)]).toEqual(['fresh', false, true]);
    owner.release();
    expect(run()).toBe('stock');
  });

  it('hands over between two copies of this package', async () => {
    vi.resetModules();
    const other = await import('../src/index.js');
    expect(other.kernelOwner).not.toBe(kernelOwner);
    const [first, second, backend] = [kernelOwner(name), other.kernelOwner(name), {}];
    first.take(backend, answers('first'));
    second.take(backend, answers('second'));
    expect([first.holds(backend), run()]).toEqual([false, 'second']);
    second.release();
    expect(run()).toBe('stock');
  });

  it('frees what kernels used once, after the kernels are gone', () => {
    const seen: unknown[] = [];
    const owner = kernelOwner(name);
    owner.take({}, () =>
      installKernels(
        name,
        { Identity: () => 'mine' as never },
        { source: 'test', onRemove: () => seen.push(run()) },
      ),
    );
    owner.release();
    owner.release();
    expect(seen).toEqual(['stock']);
  });

  it('leaves the stock kernels in force when an installation fails', () => {
    const owner = kernelOwner(name);
    owner.take({}, answers('mine'));
    const failing = (): Installation => {
      throw new Error('no memory');
    };
    expect(() => owner.take({}, failing)).toThrowError('no memory');
    expect(run()).toBe('stock');
    owner.release();
    expect(run()).toBe('stock');
  });
});
