// How much of a test runs, by the environment.
import { afterEach, expect, it, vi } from 'vitest';
import { amount } from '../endurance.mjs';

afterEach(() => vi.unstubAllEnvs());

const set = (full: string, endurance: string, count = ''): void => {
  vi.stubEnv('BITGRAD_FULL', full);
  vi.stubEnv('BITGRAD_ENDURANCE', endurance);
  vi.stubEnv('BITGRAD_COUNT', count);
};
const amounts = { test: 1, ci: 2, full: 3, variable: 'BITGRAD_COUNT' };

it.each([
  ['', '', '', 1],
  ['0', '0', '', 1],
  ['', '1', '', 2],
  ['1', '', '', 3],
  ['1', '1', '', 3],
  ['1', '1', '40', 40],
])('BITGRAD_FULL=%j, BITGRAD_ENDURANCE=%j, a variable of %j: %i', (full, endurance, count, want) => {
  set(full, endurance, count);
  expect(amount(amounts)).toBe(want);
});

it('takes that of the run below where a run has none of its own', () => {
  set('1', '');
  expect([amount({ test: 'few' }), amount({ test: 'few', ci: 'many' })]).toEqual(['few', 'many']);
});

it.each(['0', '-1', '1.5', 'all', '1e3'])('refuses a variable of %j', (count) => {
  set('', '', count);
  expect(() => amount(amounts)).toThrow(`BITGRAD_COUNT: got "${count}", expected a whole number from 1`);
});
