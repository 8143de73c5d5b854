// What an option object may hold. Every public entry point checks its options here: an unknown name is an error that
// names the nearest known one, a bad value one that says what is allowed. (Members of plugins describe theirs by a
// schema, for forms and documentation: `parseOptions` of @bitgrad/core raises the same errors.)
import { BitgradError, type ErrorCode, type ErrorDetails } from './errors.js';
import { nearestName } from './names.js';

/** Which values an option takes. */
export interface OptionRule {
  /** In words, as in "expected an integer, 1 or more". */
  readonly expected: string;
  allows(value: unknown): boolean;
  /** Undefined is refused; otherwise it stands for the default. */
  readonly required?: boolean;
  /** The options of an object inside. */
  readonly inner?: Readonly<Record<string, OptionRule>>;
}

/** A rule for each option of an interface. */
export type OptionRules<T> = { readonly [K in keyof Required<T>]: OptionRule };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const range = (kind: string, low: number, high: number, end: string): string => {
  if (low === -Infinity && high === Infinity) return `a finite ${kind}`;
  if (high === Infinity || high === Number.MAX_SAFE_INTEGER) return `a finite ${kind}, ${low} or more`;
  return `a ${kind} from ${low} to ${end}${high}`;
};

/** Rules to put together. */
export const option = {
  /** A rule of one's own. */
  of: (expected: string, allows: (value: unknown) => boolean): OptionRule => ({ expected, allows }),
  /** Checked elsewhere, or not at all. */
  any: { expected: 'anything', allows: () => true } as OptionRule,
  boolean: { expected: 'true or false', allows: (v) => typeof v === 'boolean' } as OptionRule,
  string: { expected: 'a string', allows: (v) => typeof v === 'string' } as OptionRule,
  callback: { expected: 'a function', allows: (v) => typeof v === 'function' } as OptionRule,
  object: { expected: 'an object', allows: isObject } as OptionRule,
  signal: {
    expected: 'an AbortSignal',
    allows: (v) => isObject(v) && typeof v.aborted === 'boolean',
  } as OptionRule,
  /** From `low` to `high`, both included. */
  integer: (low = Number.MIN_SAFE_INTEGER, high = Number.MAX_SAFE_INTEGER): OptionRule => ({
    expected: range('integer', low, high, '')
      .replace('a finite integer', 'an integer')
      .replace('a integer', 'an integer'),
    allows: (v) => Number.isSafeInteger(v) && (v as number) >= low && (v as number) <= high,
  }),
  /** A finite number from `low` to `high`, both included. */
  number: (low = -Infinity, high = Infinity): OptionRule => ({
    expected: range('number', low, high, ''),
    allows: (v) => typeof v === 'number' && Number.isFinite(v) && v >= low && v <= high,
  }),
  /** A finite number from `low` to below `high`. */
  below: (low: number, high: number): OptionRule => ({
    expected: range('number', low, high, 'below '),
    allows: (v) => typeof v === 'number' && v >= low && v < high,
  }),
  /** A finite number above 0. */
  positive: {
    expected: 'a finite number above 0',
    allows: (v) => typeof v === 'number' && v > 0 && v < Infinity,
  } as OptionRule,
  oneOf: (...values: readonly (string | number | boolean | null)[]): OptionRule => ({
    expected: `one of ${values.map((v) => JSON.stringify(v)).join(', ')}`,
    allows: (v) => values.includes(v as string),
  }),
  /** An array whose items all follow a rule. */
  list: (rule: OptionRule, least = 0): OptionRule => ({
    expected: `a list${least > 0 ? ` of at least ${least}` : ''}, each ${rule.expected}`,
    allows: (v) => Array.isArray(v) && v.length >= least && v.every((item) => rule.allows(item)),
  }),
  /** What one of several rules allows. */
  either: (...rules: readonly OptionRule[]): OptionRule => ({
    expected: rules.map(({ expected }) => expected).join(', or '),
    allows: (v) => rules.some((rule) => rule.allows(v)),
  }),
  /** An object with options of its own; a message names them as `outer.inner`. */
  inside: (inner: Readonly<Record<string, OptionRule>>): OptionRule => ({
    expected: 'an object',
    allows: isObject,
    inner,
  }),
  required: (rule: OptionRule): OptionRule => ({ ...rule, required: true }),
};

/** The errors of one package. */
export const failureOf =
  (source: string) =>
  (code: ErrorCode, details: Omit<ErrorDetails, 'code' | 'source'>): BitgradError =>
    new BitgradError({ code, source, ...details });

/** An option that is not known: with the known ones, and the one that was probably meant. */
export function unknownOption(
  source: string,
  owner: string,
  name: string,
  known: readonly string[],
): BitgradError {
  const meant = nearestName(name.split('.').pop()!, known);
  return new BitgradError({
    code: 'invalid-option',
    source,
    what: `${owner} has no option "${name}"`,
    expected: known.length ? `one of ${known.join(', ')}` : 'no options',
    next: meant === undefined ? undefined : `Did you mean "${meant}"?`,
  });
}

const refuses = (rule: OptionRule, value: unknown): boolean =>
  value === undefined ? rule.required === true : !rule.allows(value);

/** @throws BitgradError `invalid-option` (or another code) when a rule does not allow a value */
export function checkValue(source: string, what: string, value: unknown, rule: OptionRule): void {
  if (refuses(rule, value))
    throw new BitgradError({
      code: 'invalid-option',
      source,
      what,
      got: value === undefined ? 'nothing' : value,
      expected: rule.expected,
    });
}

/**
 * Checks an option object: no unknown names, and every value as its rule says. Undefined options mean none.
 * @param source the package, without the scope: `training`
 * @param owner what the options belong to: `createTrainer`, `adam`
 * @returns the options, unchanged (an empty object for undefined)
 * @throws BitgradError `invalid-option` that names the option, its value and what is allowed
 */
export function checkOptions<T extends object>(
  source: string,
  owner: string,
  options: T | undefined,
  rules: OptionRules<T>,
): T {
  const walk = (values: unknown, own: Readonly<Record<string, OptionRule>>, path: string): void => {
    if (!isObject(values))
      throw new BitgradError({
        code: 'invalid-option',
        source,
        what: path ? `option "${path.slice(0, -1)}" of ${owner}` : `options of ${owner}`,
        got: values,
        expected: 'an object',
      });
    for (const name of Object.keys(values))
      if (!Object.hasOwn(own, name)) throw unknownOption(source, owner, `${path}${name}`, Object.keys(own));
    for (const [name, rule] of Object.entries(own)) {
      const value = values[name];
      // The words are put together only where they are needed: some callers are called often.
      if (refuses(rule, value)) checkValue(source, `option "${path}${name}" of ${owner}`, value, rule);
      if (rule.inner && value !== undefined) walk(value, rule.inner, `${path}${name}.`);
    }
  };
  walk(options === undefined ? {} : options, rules as Readonly<Record<string, OptionRule>>, '');
  return options ?? ({} as T);
}
