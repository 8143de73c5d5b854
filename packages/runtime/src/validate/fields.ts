// Readers of single fields of untrusted JSON: each returns the value with its type, or raises an error that
// names the field.
import type { ErrorCode } from '@bitgrad/bits';
import { among, check, limited, valid } from '../fail.js';
import { nestingLimit } from '../limits.js';

/** An integer from `min` to `max`. */
export function integer(value: unknown, field: string, min: number, max: number): number {
  valid(
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    field,
    value,
    `an integer from ${min} to ${max}`,
  );
  return value as number;
}

/** A finite number. */
export function finite(value: unknown, field: string): number {
  valid(Number.isFinite(value), field, value, 'a finite number');
  return value as number;
}

/** An array of `min` to `max` entries; `limit` is the code of the error when there are more. */
export function list(
  value: unknown,
  field: string,
  min: number,
  max: number,
  limit: ErrorCode = 'invalid-file',
): readonly unknown[] {
  valid(Array.isArray(value), field, value, 'an array');
  const { length } = value;
  check(
    length >= min && length <= max,
    length > max ? limit : 'invalid-file',
    `length of ${field}`,
    length,
    min === max ? `${min}` : `${min} to ${max}`,
  );
  return value;
}

/** An array of integers. */
export const integers = (
  value: unknown,
  field: string,
  [minLength, maxLength]: readonly [number, number],
  [min, max]: readonly [number, number],
): number[] =>
  list(value, field, minLength, maxLength).map((entry, i) => integer(entry, `${field}[${i}]`, min, max));

/** An object that is not an array. */
export function record(value: unknown, field: string): Readonly<Record<string, unknown>> {
  valid(typeof value === 'object' && value !== null && !Array.isArray(value), field, value, 'an object');
  return value as Record<string, unknown>;
}

/** A string of at most `max` UTF-16 units. */
export function text(value: unknown, field: string, max = 1024): string {
  valid(typeof value === 'string', field, value, 'a string');
  limited(`length of ${field}`, value.length, max);
  return value;
}

/**
 * Refuses a JSON text that nests deeper than the limit, before it is parsed.
 * @throws BitgradError `limit-exceeded`
 */
export function checkNesting(json: string): void {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < json.length; i++) {
    const c = json.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x5b || c === 0x7b)
      check(
        ++depth <= nestingLimit,
        'limit-exceeded',
        'nesting of the header',
        depth,
        `at most ${nestingLimit}`,
      );
    else if (c === 0x5d || c === 0x7d) depth--;
  }
}

/** One of some values. */
export const oneOf =
  <T>(...values: readonly T[]) =>
  (value: unknown, field: string): T => {
    among(value, field, values);
    return value;
  };
