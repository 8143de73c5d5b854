// Growth curves against their formulas, the clock, and schedules as pure functions of it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advanceClock,
  constantSchedule,
  grow,
  growingSchedule,
  initialClock,
  learningRateSumSchedule,
  mergeSchedules,
  progress,
  type Growth,
  type TrainingClock,
} from '../src/index.js';

describe('grow', () => {
  it.each<[Growth, number, number, number, number]>([
    ['constant', 2, 5, 0.7, 2],
    ['linear', 2, 5, 0.5, 3.5],
    ['exponential', 0.1, 10, 0.5, 1],
    ['exponential', -1, -8, 1 / 3, -2],
    ['cosine', 4, 2, 0.5, 3],
    ['cosine', 1, 0, 0.25, 0.5 * (1 + Math.SQRT1_2)],
    ['step', 0, 9, 0.55, 5],
  ])('%s from %f to %f at %f is %f', (growth, start, end, t, value) =>
    expect(grow({ growth, start, end }, t)).toBeCloseTo(value, 12),
  );

  it('begins at start and ends at end, exactly, and stays there beyond the run', () => {
    for (const growth of ['linear', 'exponential', 'cosine', 'step'] as const)
      for (const [start, end] of [
        [0.1, 10],
        [3, 0.7],
      ] as const) {
        expect(grow({ growth, start, end }, 0)).toBeCloseTo(start, 12);
        expect(grow({ growth, start, end }, 1)).toBeCloseTo(end, 12);
        expect(grow({ growth, start, end }, 7)).toBe(grow({ growth, start, end }, 1));
        expect(grow({ growth, start, end }, -7)).toBe(grow({ growth, start, end }, 0));
      }
  });

  it('is monotone', () => {
    const growths = fc.constantFrom<Growth>('constant', 'linear', 'exponential', 'cosine', 'step');
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(growths, share, share, (growth, s, t) => {
        const value = (at: number) => grow({ growth, start: 1, end: 20, steps: 4 }, at);
        expect(value(Math.min(s, t))).toBeLessThanOrEqual(value(Math.max(s, t)));
      }),
    );
  });

  it('takes `steps` values with step growth', () => {
    const values = new Set(
      Array.from({ length: 1001 }, (_, i) =>
        grow({ growth: 'step', start: 9, end: 18, steps: 10 }, i / 1000),
      ),
    );
    expect([...values]).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
    expect(grow({ growth: 'step', start: 9, end: 18, steps: 1 }, 1)).toBe(9);
  });

  it.each([
    [{ growth: 'exponential', start: 0, end: 1 }],
    [{ growth: 'exponential', start: -1, end: 1 }],
    [{ growth: 'sideways', start: 0, end: 1 }],
  ])('refuses %j', (options) =>
    expect(() => grow(options as never, 0)).toThrow(expect.objectContaining({ code: 'invalid-option' })),
  );
});

describe('the clock', () => {
  it('counts steps and sums the learning rates of the steps done', () => {
    let clock: TrainingClock = { ...initialClock, totalSteps: 4, learningRate: 0.5 };
    clock = advanceClock(clock, { learningRate: 0.25 });
    expect(clock).toEqual({ step: 1, epoch: 0, totalSteps: 4, learningRate: 0.25, learningRateSum: 0.5 });
    clock = advanceClock(clock, { epoch: 1 });
    expect(clock).toEqual({ step: 2, epoch: 1, totalSteps: 4, learningRate: 0.25, learningRateSum: 0.75 });
    expect(progress(clock)).toBe(0.5);
    expect(progress({ ...clock, step: 9 })).toBe(1);
    expect(progress({ ...clock, totalSteps: 0 })).toBe(0);
    expect(Object.isFrozen(clock)).toBe(true);
  });
});

describe('schedules', () => {
  const clock = { ...initialClock, step: 50, totalSteps: 100, learningRate: 0.1, learningRateSum: 5 };

  it('give named scalars and JSON options', () => {
    const schedule = mergeSchedules(
      constantSchedule({ alpha: 1, n: 3 }),
      growingSchedule('n', { growth: 'linear', start: 0, end: 10 }),
      learningRateSumSchedule(),
    );
    expect(schedule.values(clock)).toEqual({ alpha: 1, n: 5, mu: 6 });
    expect(schedule.values(initialClock)).toEqual({ alpha: 1, n: 0, mu: 1 });
    expect(JSON.parse(JSON.stringify(schedule.options))).toEqual(schedule.options);
    expect(schedule.options).toMatchObject({ alpha: 1, mu: 'learningRateSum' });
  });

  it('arrive at the end at `until`, and stay there', () => {
    const schedule = growingSchedule('n', { growth: 'linear', start: 0, end: 10, until: 0.8 });
    const at = (step: number) => schedule.values({ ...clock, step })['n'];
    expect([0, 40, 80, 90, 100].map(at)).toEqual([0, 5, 10, 10, 10]);
    expect(() => growingSchedule('n', { growth: 'linear', start: 0, until: 0 })).toThrow(/"until" .*above 0/);
  });

  it('refuses impossible growth when made, not in the middle of a run', () =>
    expect(() => growingSchedule('t', { growth: 'exponential', start: 0, end: 1 })).toThrow(/exponential/));
});
