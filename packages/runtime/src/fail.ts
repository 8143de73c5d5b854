// Shorthand for the errors of this package.
import { failureOf, type ErrorCode } from '@bitgrad/bits';

/** A BitgradError of this package. */
export const failure = failureOf('runtime');

/** Raises a BitgradError unless `ok`. */
export function check(
  ok: boolean,
  code: ErrorCode,
  what: string,
  got: unknown,
  expected: string,
  next?: string,
): asserts ok {
  if (!ok) throw failure(code, { what, got, expected, next });
}

/** Raises `invalid-file` unless `ok`. */
export function valid(ok: boolean, what: string, got: unknown, expected: string): asserts ok {
  check(ok, 'invalid-file', what, got, expected);
}

/** Raises `invalid-file` unless a value is one of some. */
export function among<T>(value: unknown, what: string, values: readonly T[]): asserts value is T {
  valid(values.includes(value as T), what, value, values.join(', '));
}

/** Raises `limit-exceeded` for more than `most`. */
export const limited = (what: string, got: number, most: number): void =>
  check(got <= most, 'limit-exceeded', what, got, `at most ${most}`);
