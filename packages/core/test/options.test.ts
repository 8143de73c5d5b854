// parseOptions: defaults, frozen results, and messages that name the option, its value and what is allowed.
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../src/index.js';

const schema = v.strictObject({
  clip: v.optional(v.pipe(v.number(), v.gtValue(0)), 1),
  mode: v.optional(v.picklist(['a', 'b']), 'a'),
  inner: v.optional(v.strictObject({ k: v.optional(v.number(), 3) }), {}),
  whole: v.optional(v.pipe(v.number(), v.integer())),
  own: v.optional(
    v.pipe(
      v.number(),
      v.check((x) => x > 3, 'Expected a number above 3'),
    ),
  ),
  list: v.optional(v.pipe(v.array(v.number()), v.minLength(2))),
});
const parse = (options: unknown) => parseOptions('pkg', 'surrogate "toy"', schema, options);

describe('parseOptions', () => {
  it('fills in defaults and freezes', () => {
    expect(parse(undefined)).toEqual({ clip: 1, mode: 'a', inner: { k: 3 } });
    expect(Object.isFrozen(parse({}))).toBe(true);
  });
  it.each([
    [{ clip: 0 }, /\[bitgrad\/pkg\] option "clip" of surrogate "toy": got 0, expected >0/],
    [{ clip: '1' }, /option "clip".*got "1", expected number/],
    [{ mode: 'c' }, /option "mode".*got "c".*"a" \| "b"/],
    [{ inner: { k: null } }, /option "inner.k".*got null/],
    [
      { cilp: 1 },
      /surrogate "toy" has no option "cilp": expected one of clip, mode, inner, whole, own, list.*Did you mean "clip"/,
    ],
    [{ inner: { q: 1 } }, /no option "inner.q": expected one of k\./],
    [5, /options of surrogate "toy": got 5, expected an object/],
    [{ whole: 1.5 }, /option "whole".*got 1.5, expected an integer\./],
    [{ own: 1 }, /option "own".*got 1, expected a number above 3\./],
    [{ list: [1] }, /option "list".*got \[1\], expected a length of 2 or more/],
  ])('refuses %j', (options, message) =>
    expect(() => parse(options)).toThrow(
      expect.objectContaining({ code: 'invalid-option', message: expect.stringMatching(message) }),
    ),
  );
});
