// The one error type: its message, and that every code is raised by some package.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BitgradError, errorCodes, showValue } from '../src/index.js';

describe('BitgradError', () => {
  it('says what, got, expected and the next step', () => {
    const cause = new RangeError('inner');
    const error = new BitgradError({
      code: 'invalid-option',
      source: 'core',
      what: 'option "clip"',
      got: -1,
      expected: 'a number above 0',
      next: 'Leave it out.',
      cause,
    });
    expect(error.message).toBe(
      '[bitgrad/core] option "clip": got -1, expected a number above 0. Leave it out.',
    );
    expect(error).toMatchObject({ name: 'BitgradError', code: 'invalid-option', source: 'core', cause });
    expect(error).toBeInstanceOf(Error);
  });

  it('leaves out what is not given', () => {
    expect(new BitgradError({ code: 'io', source: 'x', what: 'nothing' }).message).toBe(
      '[bitgrad/x] nothing.',
    );
  });

  it.each([
    ['text', '"text"'],
    [-0, '-0'],
    [Number.NaN, 'NaN'],
    [{ a: [1] }, '{"a":[1]}'],
    [() => 0, 'function (anonymous)'],
    [Symbol('s'), 'Symbol(s)'],
    [null, 'null'],
    [10n, '10'],
    [{ big: 1n }, '[object Object]'],
  ])('shows %s as %s', (value, text) => expect(showValue(value)).toBe(text));

  it('shortens long values', () => {
    const text = showValue('x'.repeat(200));
    expect(text).toHaveLength(80);
    expect(text.endsWith('...')).toBe(true);
  });
});

/** The sources of every package, but for the list of codes itself. */
const sources = (() => {
  const packages = new URL('../../', import.meta.url);
  return readdirSync(packages)
    .map((name) => new URL(`${name}/src/`, packages))
    .filter((root) => existsSync(root))
    .flatMap((root) =>
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter(
          (file) => file.endsWith('.ts') && !(root.pathname.endsWith('/bits/src/') && file === 'errors.ts'),
        )
        .map((file) => readFileSync(new URL(file, root), 'utf8')),
    )
    .join('\n');
})();

describe('errorCodes', () => {
  it.each(errorCodes)('%s is raised by some package', (code) => {
    expect(sources.includes(`'${code}'`)).toBe(true);
  });
});
