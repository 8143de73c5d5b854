// Options in words, for listings and documentation: read off the schema or the rules that check them, never listed again.
import { checkValue, option, type OptionRule } from '@bitgrad/bits';
import * as v from 'valibot';
import type { Json } from './contracts/context.js';
import { invalidArgument } from './expect.js';

/** An option of a quantizer, a model, a data set or an optimizer, as it is listed. */
export interface MemberOption {
  readonly name: string;
  /** Type and range in words, as in messages: `an integer from 1 to 8`. */
  readonly expected: string;
  /** Absent: none, or none that is a plain value; its words are then in `text`. */
  readonly default?: Json;
  readonly required: boolean;
  /** What it does, in a sentence; empty where its author did not say. */
  readonly text: string;
  /** The options of an object. */
  readonly inner?: readonly MemberOption[];
}

interface Step {
  readonly kind: string;
  readonly type: string;
  readonly expects?: string | null;
  readonly requirement?: unknown;
  readonly message?: unknown;
  readonly wrapped?: Step;
  readonly pipe?: readonly Step[];
  readonly entries?: Readonly<Record<string, Step>>;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly item?: Step;
}

/** Optional schemas are what they wrap; null and undefined beside it are said elsewhere. */
const unwrapped = (step: Step): Step =>
  step.wrapped && step.type !== 'nullable' && step.type !== 'nullish' ? unwrapped(step.wrapped) : step;

/** A schema without its default and its further checks: what has the type. */
export function baseSchema(schema: v.GenericSchema): v.GenericSchema {
  expectSchema('baseSchema', schema);
  const inner = unwrapped(schema as unknown as Step);
  const first = inner.pipe?.[0];
  return (first && first !== inner ? baseSchema(first as never) : inner) as never;
}

function expectSchema(what: string, schema: unknown): void {
  if (typeof (schema as { '~run'?: unknown } | null | undefined)?.['~run'] !== 'function')
    throw invalidArgument(`schema of ${what}`, schema ?? 'nothing', 'a valibot schema');
}

/** `a number above 0, at most 1` from the checks of a number. */
function numberWords(checks: readonly Step[]): string {
  const of = (...types: string[]): unknown => checks.find(({ type }) => types.includes(type))?.requirement;
  const noun = checks.some(({ type }) => type === 'integer' || type === 'safe_integer') ? 'an integer' : 'a finite number'; // prettier-ignore
  const [least, above, most, below] = [of('min_value'), of('gt_value'), of('max_value'), of('lt_value')] as (
    number | undefined
  )[];
  if (least !== undefined && most !== undefined)
    return `${noun.replace('finite ', '')} from ${least} to ${most}`;
  const low = above === undefined ? (least === undefined ? '' : `, ${least} or more`) : ` above ${above}`;
  const high = below === undefined ? (most === undefined ? '' : `, at most ${most}`) : `, below ${below}`;
  return `${noun}${low}${high}`;
}

/** The schema at the start of a pipe, then its checks; a pipe may begin with a pipe. */
const stepsOf = (step: Step): readonly Step[] => {
  const [first, ...rest] = step.pipe ?? [step];
  return first === step ? [step, ...rest] : [...stepsOf(first!), ...rest];
};

const list = (items: readonly string[]): string => items.join(', or ');

/** What a schema takes, in words. */
function wordsOf(step: Step): string {
  const [first, ...checks] = stepsOf(unwrapped(step));
  const own = checks.find(({ message }) => typeof message === 'string')?.message as string | undefined;
  const { type, wrapped, options = [], literal, item, entries } = first!;
  if (wrapped) return `${wordsOf(wrapped)}, or null`;
  switch (type) {
    case 'number':
      return own ?? numberWords(checks);
    case 'boolean':
      return 'true or false';
    case 'picklist':
      return `one of ${options.map((each) => JSON.stringify(each)).join(', ')}`;
    case 'literal':
      return JSON.stringify(literal);
    case 'union':
      return list((options as readonly Step[]).map(wordsOf));
    case 'array': {
      const least = checks.find((check) => check.type === 'min_length')?.requirement as number | undefined;
      const of = `a list${least === undefined ? '' : ` of at least ${least}`}, each ${wordsOf(item!)}`;
      return own === undefined ? of : `${of}; ${own}`;
    }
    default:
      return own ?? (entries || type === 'record' ? 'an object' : type === 'string' ? 'a string' : type);
  }
}

/** The entries inside of an option: of an object, or of the one that a union has beside other things. */
const entriesOf = (step: Step): Readonly<Record<string, Step>> | undefined => {
  const { type, wrapped, options, entries } = baseSchema(step as never) as unknown as Step;
  if (wrapped) return entriesOf(wrapped);
  return type === 'union' ? (options as readonly Step[]).map(entriesOf).find(Boolean) : entries;
};

/** The description of a schema, whether it is inside of `optional` or around it. */
const textOf = (step: Step): string =>
  v.getDescription(step as never) ?? (step.wrapped ? textOf(step.wrapped) : '');

const infoOf = ([name, step]: readonly [string, Step]): MemberOption => {
  const fallback = v.getDefault(step as never) as Json | undefined;
  const inner = entriesOf(step);
  return {
    name,
    expected: wordsOf(step),
    ...(fallback !== undefined && { default: fallback }),
    required: !('default' in step),
    text: textOf(step),
    ...(inner && { inner: Object.entries(inner).map(infoOf) }),
  };
};

/**
 * The options that a schema of an object takes: its entries with their defaults and descriptions (`v.description`).
 * @throws BitgradError `invalid-option` for what is no schema
 */
export function schemaOptions(schema: v.GenericSchema): readonly MemberOption[] {
  expectSchema('schemaOptions', schema);
  return Object.entries(entriesOf(schema as unknown as Step) ?? {}).map(infoOf);
}

/** An optional entry of a schema, with its default and what it does in a sentence. */
export const told = <const S extends v.GenericSchema, const D extends v.Default<S, undefined>>(
  schema: S,
  fallback: D,
  text: string,
): v.OptionalSchema<S, D> => {
  expectSchema('told', schema);
  checkValue('core', 'text of told', text, option.required(option.string));
  return v.optional(v.pipe(schema, v.description(text)) as unknown as S, fallback) as v.OptionalSchema<S, D>;
};

/** A rule with what its option does, and its default. */
export interface ExplainedRule extends OptionRule {
  readonly text: string;
  readonly default?: Json;
}

/** Says what an option does beside the rule that checks it, and its default where that is a plain value. */
export function explained(rule: OptionRule, text: string, fallback?: Json): ExplainedRule {
  checkValue('core', 'rule of explained', rule, ruleRule);
  checkValue('core', 'text of explained', text, option.required(option.string));
  return { ...rule, text, ...(fallback !== undefined && { default: fallback }) };
}

const ruleRule = option.required(
  option.of(
    'a rule, such as option.integer(1)',
    (x) => typeof (x as OptionRule | null)?.allows === 'function',
  ),
);

/**
 * The options that rules take. Those of {@link explained} have a text and a default.
 * @throws BitgradError `invalid-option` for what holds no rules
 */
export function ruleOptions(rules: object): readonly MemberOption[] {
  checkValue('core', 'rules of ruleOptions', rules, option.required(option.object));
  return Object.entries(rules).map(([name, rule]) => {
    checkValue('core', `rule "${name}" of ruleOptions`, rule, ruleRule);
    const { expected, required = false, inner, text = '', default: fallback } = rule as Partial<ExplainedRule> & OptionRule; // prettier-ignore
    return {
      name,
      expected,
      ...(fallback !== undefined && { default: fallback }),
      required,
      text,
      ...(inner && { inner: ruleOptions(inner) }),
    };
  });
}

/** Where resolved options keep the schema that they passed: for every copy of this package, and in no copy of them. */
const slot = Symbol.for('bitgrad.options-schema');

/** Resolved options that know their schema. */
export const withSchema = <T extends object>(options: T, schema: v.GenericSchema): T =>
  Object.isExtensible(options) ? Object.defineProperty(options, slot, { value: schema }) : options;

/**
 * What a quantizer, surrogate or forward takes as options: those of the schema that its `options` were parsed by.
 * @param options of the member, as `parseOptions` gave them
 * @returns null where they were made otherwise
 */
export function memberOptions(options: object): readonly MemberOption[] | null {
  const schema = (options as { [slot]?: v.GenericSchema } | null | undefined)?.[slot];
  return schema ? schemaOptions(schema) : null;
}
