// A conformance case is data: a name and a check that rejects. A thin runner makes tests of them; the kit's own tests
// call `check` on broken subjects and expect a rejection.
import { BitgradError } from '@bitgrad/bits';

/** One requirement on a subject. */
export interface ConformanceCase<S> {
  readonly name: string;
  /** Resolves when the subject meets the requirement. @throws BitgradError `verification-failed` when it does not */
  check(subject: S): Promise<void>;
}

/** Makes a case; a check that throws at once rejects too. */
export const defineCase = <S>(
  name: string,
  check: (subject: S) => void | Promise<void>,
): ConformanceCase<S> => Object.freeze({ name, check: async (subject: S) => check(subject) });

/** @throws BitgradError `verification-failed`, always */
export function fail(what: string, got?: unknown, expected?: string): never {
  throw new BitgradError({ code: 'verification-failed', source: 'testkit', what, got, expected });
}

/** @throws BitgradError `verification-failed` unless `condition` is true */
export function ensure(
  condition: boolean,
  what: string,
  got?: unknown,
  expected?: string,
): asserts condition {
  if (!condition) fail(what, got, expected);
}

/** Structural equality by JSON, for options and other plain data. */
export const sameJson = (a: unknown, b: unknown): boolean =>
  JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([k, v]) => [k, sorted(v)]),
        )
      : value;
