// The errors of this package.
import { failureOf, type ErrorCode } from '@bitgrad/bits';

/** A BitgradError of this package. */
export const failure = failureOf('importer');

/** @throws BitgradError `invalid-file` (or another code) unless `ok` */
export function check(
  ok: unknown,
  what: string,
  got: unknown,
  expected: string,
  code: ErrorCode = 'invalid-file',
): asserts ok {
  if (!ok) throw failure(code, { what, got, expected });
}

/** @throws BitgradError `unsupported-op` that names the node, always */
export function unsupported(node: { name: string; op: string }, what: string, next: string): never {
  throw failure('unsupported-op', { what: `node "${node.name}" (${node.op}) ${what}`, next });
}
