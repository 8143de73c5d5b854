// Rules for what the functions of this package take besides numbers.
import { option, type OptionRule } from '@bitgrad/core';

const has = (x: unknown, ...names: string[]): boolean =>
  option.object.allows(x) &&
  names.every((name) => typeof (x as Record<string, unknown>)[name] === 'function');

/** An interval [low, high]. */
export const interval: OptionRule = option.of('[low, high], finite, low below high', (x) => {
  if (!option.list(option.number(), 2).allows(x)) return false;
  const [low, high, ...rest] = x as number[];
  return low! < high! && high! - low! < Infinity && rest.length === 0;
});

/** Numbers, ascending. */
export const ascending = (least: number): OptionRule =>
  option.of(
    `at least ${least} finite numbers, ascending`,
    (x) =>
      option.list(option.number(), least).allows(x) &&
      (x as number[]).every((q, i, all) => i === 0 || q > all[i - 1]!),
  );

/** A proximal map. */
export const proximalMap: OptionRule = option.of('a proximal map { name, value(w, scalars) }', (x) =>
  has(x, 'value'),
);

/** A transform. */
export const transform: OptionRule = option.of(
  'a transform { name, value(p, scalars), slope(p, scalars) }',
  (x) => has(x, 'value', 'slope'),
);

/** A schedule. */
export const schedule: OptionRule = option.of('a schedule { options, values(clock) }', (x) =>
  has(x, 'values'),
);

/** A surrogate. */
export const surrogate: OptionRule = option.of('a surrogate, as defineSurrogate makes it', (x) =>
  has(x, 'formula'),
);
