// How this package says what is wrong: with a value (an option) or with a place in a file.
// A message about a file always names the file and, when there is one, the byte offset.
import {
  explained,
  failureOf,
  option,
  type BitgradError,
  type ErrorCode,
  type ErrorDetails,
  type OptionRule,
} from '@bitgrad/core';

/** The parts of an error that a caller may add to what was wrong. */
export type FailureDetails = Partial<Omit<ErrorDetails, 'code' | 'source' | 'what'>>;

/** An error of this package. */
export const failure = failureOf('datasets');

/** An error about a file; `offset` is in bytes from its start (after decompression, where it was compressed). */
export const fileFailure = (
  code: ErrorCode,
  file: string,
  offset: number | undefined,
  what: string,
  details: FailureDetails = {},
): BitgradError =>
  failure(code, { what: `${file}${offset === undefined ? '' : `, byte ${offset}`}: ${what}`, ...details });

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
  throw failure('invalid-option', { what: name, got: value, expected: range });
};

/** Part of the examples that is held out for testing where the files do not say it. */
export const defaultTestFraction = 0.2;

/** Part of something that may be held out. */
export const fractionRule: OptionRule = option.of(
  'a number above 0 and below 1',
  (v) => typeof v === 'number' && v > 0 && v < 1,
);

/** The rule of what is held out for testing. */
export const testFractionRule = explained(
  fractionRule,
  'part of the examples that is held out for testing, where the files do not say it',
  defaultTestFraction,
);
