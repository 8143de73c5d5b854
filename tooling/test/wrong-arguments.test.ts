// The helper itself: it must see what it is made to see.
import { expect, it } from 'vitest';
import { wrongCalls } from '../wrong-arguments.mjs';

class BitgradError extends Error {
  override readonly name = 'BitgradError';
  readonly code = 'invalid-option';
}

const size = (x: unknown): number => {
  if (!Array.isArray(x)) throw new BitgradError('size takes an array');
  return x.length;
};

it('passes functions that check', async () => {
  expect(await wrongCalls({ size, constant: 3, BitgradError })).toEqual([]);
});

it('finds raw errors, of calls, promises, generators and classes', async () => {
  const raw = (x: unknown) => (x as number[]).map(String);
  const failures = await wrongCalls({
    raw,
    late: async (x: unknown) => raw(x),
    *stream(x: unknown) {
      yield raw(x);
    },
    Box: class {
      constructor(x: unknown) {
        raw(x);
      }
    },
  });
  for (const name of ['raw', 'late', 'stream', 'Box'])
    expect(failures).toContainEqual(expect.stringMatching(new RegExp(`^${name}\\(null\\) raises TypeError`)));
  expect(failures.some((line) => line.includes('(array)'))).toBe(false);
});

it('tries each argument, each option and an unknown option of a right call', async () => {
  const scale = (x: unknown, options: { by: number }): number => size(x) * options.by.valueOf();
  const failures = await wrongCalls(
    { scale },
    { cases: { scale: { args: () => [[1], { by: 2 }], options: 1 } } },
  );
  expect(failures).toContainEqual(expect.stringMatching(/^scale\(argument 1: null\) raises TypeError/));
  expect(failures).toContainEqual(expect.stringMatching(/^scale\({ by: null }\) raises TypeError/));
  expect(failures).toContain('scale({ notAnOption }) accepts an option that does not exist');
});

it('tries the methods of what is made', async () => {
  const make = (): object => ({ size, first: (_: unknown, list: number[]) => list[0] });
  const failures = await wrongCalls(
    { make },
    { cases: { make: { args: () => [], methods: ['size', 'first'] } } },
  );
  expect(failures).toContainEqual(expect.stringMatching(/^make\(\).first\(undefined\) raises TypeError/));
  expect(failures.some((line) => line.includes('size'))).toBe(false);
});

it('does not leave out a case or a skip of a function that is no more', async () => {
  expect(await wrongCalls({}, { skip: { gone: 'was slow' } })).toEqual(['gone is not an exported function']);
});
