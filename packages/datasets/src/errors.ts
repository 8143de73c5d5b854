// How this package says what is wrong: with a value (an option) or with a place in a file.
// A message about a file always names the file and, when there is one, the byte offset.
import { BitgradError, type ErrorCode } from '@bitgrad/core';

/** The parts of a {@link BitgradError} that a caller may add. */
export interface FailureDetails {
  got?: unknown;
  expected?: string;
  next?: string;
  cause?: unknown;
}

/** An error of this package. */
export const failure = (code: ErrorCode, what: string, details: FailureDetails = {}): BitgradError =>
  new BitgradError({ code, source: 'datasets', what, ...details });

/** An error about a file; `offset` is in bytes from its start (after decompression, where it was compressed). */
export const fileFailure = (
  code: ErrorCode,
  file: string,
  offset: number | undefined,
  what: string,
  details: FailureDetails = {},
): BitgradError =>
  failure(code, `${file}${offset === undefined ? '' : `, byte ${offset}`}: ${what}`, details);

/** Checks an integer option and returns it; throws `invalid-option`. */
export const integerOption = (
  name: string,
  value: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number => {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range =
    most === Number.MAX_SAFE_INTEGER ? `an integer >= ${least}` : `an integer from ${least} to ${most}`;
  throw failure('invalid-option', name, { got: value, expected: range });
};
