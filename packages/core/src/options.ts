// Options are validated where a member is made, by a schema library; failures become BitgradError.
import { BitgradError, unknownOption } from '@bitgrad/bits';
import * as v from 'valibot';

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
  if (result.success) return Object.freeze(result.output as object) as Readonly<v.InferOutput<S>>;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  if (issue.type === 'strict_object' && issue.expected === 'never' && path)
    throw unknownOption(source, owner, path, knownOptions(issue, schema));
  throw new BitgradError({
    code: 'invalid-option',
    source,
    what: path ? `option "${path}" of ${owner}` : `options of ${owner}`,
    got: issue.input,
    expected:
      issue.expected && !issue.message.startsWith('Invalid')
        ? `${issue.expected}; ${issue.message}`
        : (issue.expected ?? issue.message),
  });
}

/** The names that the object takes in which an unknown one was found. */
function knownOptions(issue: v.BaseIssue<unknown>, schema: v.GenericSchema): string[] {
  let at: unknown = schema;
  const unwrapped = (x: unknown): unknown => {
    const { wrapped, pipe } = x as { wrapped?: unknown; pipe?: readonly unknown[] };
    return wrapped ? unwrapped(wrapped) : pipe && pipe[0] !== x ? unwrapped(pipe[0]) : x;
  };
  for (const { key } of issue.path!.slice(0, -1))
    at = (unwrapped(at) as { entries?: Record<string, unknown> }).entries?.[key as string];
  return Object.keys((unwrapped(at) as { entries?: object })?.entries ?? {});
}
