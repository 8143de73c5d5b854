// Options are validated where a member is made, by a schema library; failures become BitgradError.
import { BitgradError, unknownOption } from '@bitgrad/bits';
import * as v from 'valibot';
import { baseSchema, withSchema } from './option-info.js';

/**
 * Checks options against a valibot schema and fills in defaults.
 * @param source package name without scope, for the message
 * @param owner what the options belong to, such as `surrogate "ede"`
 * @returns the resolved options, frozen
 * @throws BitgradError `invalid-option` that names the option, its value and what is allowed
 */
export function parseOptions<const S extends v.GenericSchema>(
  source: string,
  owner: string,
  schema: S,
  options: unknown,
): Readonly<v.InferOutput<S>> {
  if (typeof (schema as Partial<S> | undefined)?.['~run'] !== 'function')
    throw new BitgradError({
      code: 'invalid-option',
      source: 'core',
      what: `schema of ${owner}`,
      got: schema === undefined ? 'nothing' : schema,
      expected: 'a valibot schema',
    });
  const result = v.safeParse(schema, options ?? {});
  if (result.success)
    return Object.freeze(withSchema(result.output as object, schema)) as Readonly<v.InferOutput<S>>;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  if (issue.type === 'strict_object' && issue.expected === 'never' && path)
    throw unknownOption(source, owner, path, knownOptions(issue, schema));
  throw new BitgradError({
    code: 'invalid-option',
    source,
    what: path ? `option "${path}" of ${owner}` : `options of ${owner}`,
    got: issue.input,
    expected: wanted(issue),
  });
}

/** Words for what a schema's step asks for; the library's own say "Invalid integer: Received 1.5". */
const words: Readonly<Record<string, string>> = {
  integer: 'an integer',
  safe_integer: 'an integer that a number holds exactly',
  finite: 'a finite number',
  non_empty: 'something that is not empty',
  object: 'an object',
  strict_object: 'an object',
  loose_object: 'an object',
};

function wanted({ type, kind, expected, message, input, requirement }: v.BaseIssue<unknown>): string {
  const own = !message.startsWith('Invalid') ? message.replace(/^expected /i, '') : undefined;
  if (own !== undefined) return expected && kind === 'schema' ? `${expected}; ${own}` : own;
  if (input === undefined) return 'a value: it is required';
  if (type === 'min_length' || type === 'max_length')
    return `a length of ${String(requirement)} or ${type === 'min_length' ? 'more' : 'less'}`;
  return (
    words[type] ??
    expected ??
    message.replace(/^Invalid \w+: /, '').replace(/^Expected | but received .*$/g, '')
  );
}

/** The names that the object takes in which an unknown one was found. */
function knownOptions(issue: v.BaseIssue<unknown>, schema: v.GenericSchema): string[] {
  type Entries = Readonly<Record<string, v.GenericSchema>>;
  const entriesOf = (at?: v.GenericSchema): Entries =>
    (at && (baseSchema(at) as { entries?: Entries }).entries) ?? {};
  const path = issue.path!.slice(0, -1);
  return Object.keys(path.reduce((at, { key }) => entriesOf(at[key as string]), entriesOf(schema)));
}
