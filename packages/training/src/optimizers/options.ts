// Checks of numeric optimizer options.
import { BitgradError } from '@bitgrad/core';

/** @throws BitgradError `invalid-option` unless `low <= value < high` */
export function inRange(owner: string, name: string, value: number, low: number, high: number): number {
  if (typeof value === 'number' && value >= low && value < high) return value;
  throw new BitgradError({
    code: 'invalid-option',
    source: 'training',
    what: `option "${name}" of ${owner}`,
    got: value,
    expected: high === Infinity ? `a finite number, ${low} or more` : `from ${low} to below ${high}`,
  });
}
