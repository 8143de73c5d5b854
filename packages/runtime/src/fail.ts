// Shorthand for the errors of this package.
import { BitgradError, type ErrorCode } from '@bitgrad/bits';

/** The parts of an error, besides its code: what was wrong, the value, what is allowed, what to do. */
export interface Failure {
  what: string;
  got?: unknown;
  expected?: string;
  next?: string;
  cause?: unknown;
}

/** A BitgradError of this package. */
export const failure = (code: ErrorCode, details: Failure): BitgradError =>
  new BitgradError({ code, source: 'runtime', ...details });

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
