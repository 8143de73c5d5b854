// Calls of the kernel module as data: what codegen reads from its source is what the module takes.
import { expect, expectTypeOf, it } from 'vitest';
import { functions } from '../src/generated/training-functions.js';
import { encode, splitCall, type Axis, type Fields } from '../src/training/calls.js';
import { compileModule, instantiate } from '../src/training/module.js';

it('every function of the module is in the table, with as many parameters', async () => {
  const module = await compileModule(false);
  const exports = await instantiate(module, new WebAssembly.Memory({ initial: 1 }));
  const taken = WebAssembly.Module.exports(module)
    .filter(({ kind }) => kind === 'function')
    .map(({ name }) => [name, (exports as unknown as Record<string, { length: number }>)[name]!.length]);
  const listed = Object.entries(functions).map(([name, fields]) => [name, Object.keys(fields).length]);
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(taken));
});

it('fields are in the order of the signature, however they are given', () => {
  const call = encode('segmentSum', { segments: 6, x: 1, out: 3, rows: 4, ids: 2, width: 5 });
  expect(call).toEqual({ name: 'segmentSum', args: [1, 2, 3, 4, 5, 6] });
  // @ts-expect-error a field that is not given
  encode('segmentSum', { segments: 6, x: 1, out: 3, rows: 4, ids: 2 });
  // @ts-expect-error a field that is not there
  encode('segmentRows', { rows: 1, unit: 2, extra: 4 });
  expectTypeOf<Fields<'takeCounts'>['set']>().toEqualTypeOf<boolean>();
});

it('a split has a range of its own for each thread, and memory of its own', () => {
  const split = { over: 'b', count: 5, grain: 2, own: { scratch: 100 } } as const;
  const common = { dy: 1, offsets: 2, dx: 3, scratch: 1000, n: 4, gh: 5, gw: 6, h: 7, w: 8, c: 9 };
  const calls = splitCall(
    'signedRows',
    split,
    { ...common, oh: 10, ow: 11, o: 12, taps: 13, first: -14, entry: 15 },
    2,
  );
  expect(calls.map(({ args }) => args)).toEqual([
    [1, 2, 3, 1000, 0, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, -14, 15],
    [1, 2, 3, 1100, 2, 5, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, -14, 15],
  ]);
  expectTypeOf<Axis<'signedOuter'>>().toEqualTypeOf<'o' | 'm'>();
});
