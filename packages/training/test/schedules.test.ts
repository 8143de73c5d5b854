import { describe, expect, it } from 'vitest';
import { learningRateAt, resolveSchedule } from '../src/index.js';

describe('learning-rate schedules', () => {
  it('constant', () => {
    expect([0, 5, 99].map((step) => learningRateAt(0.1, 'constant', step, 100))).toEqual([0.1, 0.1, 0.1]);
  });
  it('cosine: base at the start, half way down in the middle, final at the end', () => {
    const schedule = { kind: 'cosine', final: 0.2 } as const;
    expect(learningRateAt(1, schedule, 0, 100)).toBe(1);
    expect(learningRateAt(1, schedule, 50, 100)).toBeCloseTo(0.6, 12);
    expect(learningRateAt(1, schedule, 100, 100)).toBeCloseTo(0.2, 12);
    expect(learningRateAt(1, 'cosine', 99, 100)).toBeGreaterThan(0);
  });
  it('linear', () => {
    expect(learningRateAt(2, 'linear', 25, 100)).toBe(1.5);
  });
  it('polynomial: (1 - t)^power between base and final', () => {
    const schedule = { kind: 'polynomial', power: 2, final: 0.2 } as const;
    for (const step of [0, 25, 50, 99, 100])
      expect(learningRateAt(3, schedule, step, 100)).toBeCloseTo(3 * (0.2 + 0.8 * (1 - step / 100) ** 2), 12);
    expect(learningRateAt(2, 'polynomial', 25, 100)).toBe(1.5);
  });
  it('by epochs: constant within one, as CosineAnnealingLR of PyTorch with T_max epochs', () => {
    const schedule = { kind: 'cosine', per: 'epoch' } as const;
    for (let step = 0; step < 50; step++) {
      const epoch = Math.floor(step / 10);
      const expected = (1 + Math.cos((Math.PI * epoch) / 5)) / 2;
      expect(learningRateAt(1, schedule, step, 50, 10)).toBeCloseTo(expected, 12);
    }
  });
  it('warms up over epochs, step by step or epoch by epoch', () => {
    const rates = (per: 'step' | 'epoch') =>
      [0, 1, 3, 4, 7, 8].map((step) =>
        learningRateAt(3, { kind: 'constant', warmupEpochs: 2, per }, step, 40, 4),
      );
    expect(rates('step')).toEqual([1, 2, 4, 5, 8, 9].map((n) => (3 * n) / 9));
    expect(rates('epoch')).toEqual([1, 1, 1, 2, 2, 3]);
  });
  it('step multiplies at its milestones, from their first step on', () => {
    const schedule = { kind: 'step', factor: 0.5, milestones: [0.2, 0.6] } as const;
    expect([0, 19, 20, 59, 60, 99].map((s) => learningRateAt(8, schedule, s, 100))).toEqual([
      8, 8, 4, 4, 2, 2,
    ]);
  });
  it('warms up on a line that ends where the curve begins', () => {
    const schedule = { kind: 'cosine', warmupSteps: 4 } as const;
    expect([0, 1, 2, 3, 4].map((s) => learningRateAt(1, schedule, s, 104))).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
    expect(learningRateAt(1, schedule, 54, 104)).toBeCloseTo(0.5, 12);
  });
  it('stays defined when the warm-up is as long as the run', () => {
    expect(learningRateAt(1, { kind: 'cosine', warmupSteps: 10 }, 10, 10)).toBe(1);
  });
  it.each([
    ['sawtooth', 'sawtooth'],
    [{ kind: 'cosine', final: 2 }, 'final'],
    [{ kind: 'step', milestones: [0.9, 0.1] }, 'milestones'],
    [{ kind: 'step', factor: 0 }, 'factor'],
    [{ kind: 'constant', warmupSteps: 1.5 }, 'warmupSteps'],
    [{ kind: 'constant', warmupEpochs: -1 }, 'warmupEpochs'],
    [{ kind: 'polynomial', power: 0 }, 'power'],
    [{ kind: 'cosine', per: 'batch' }, 'per'],
  ])('refuses %j', (spec, text) => {
    expect(() => resolveSchedule(spec as never)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    expect(() => resolveSchedule(spec as never)).toThrow(text);
  });
});
