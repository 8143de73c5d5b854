// What users name on the command line.
import { BitgradError } from '@bitgrad/core';

/**
 * Those of some items that were named; all when none was.
 * @param what what the items are, for the error
 * @throws BitgradError `unknown-name`
 */
export function pick<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  what: string,
  wanted?: readonly string[],
): T[] {
  const names = [...new Set(items.map(nameOf))];
  const unknown = wanted?.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new BitgradError({
      code: 'unknown-name',
      source: 'bench',
      what,
      got: unknown,
      expected: `one of ${names.join(', ')}`,
    });
  return items.filter((item) => !wanted || wanted.includes(nameOf(item)));
}
