// What ops of two operands share, the second of which may be one row.
import type { BufferSpec, ElementType } from '../plan.js';
import { channelCount, elementCount } from '../tensors.js';
import { needType, sameShape, showSpec, type RuleArguments, type RuleResult } from './define.js';

/** The rule: both of one of `types`; the second has the first's shape, or is one row of it. */
export function operands({ x, need }: RuleArguments, types: readonly ElementType[]): RuleResult {
  const [a, b] = x as [BufferSpec, BufferSpec];
  needType(need, 'inputs[0]', a, types);
  const row =
    a.shape.length === b.shape.length &&
    elementCount(b.shape) === channelCount(a.shape) &&
    channelCount(b.shape) === channelCount(a.shape);
  need(
    b.type === a.type && (row || sameShape(a.shape, b.shape)),
    'inputs[1]',
    showSpec(b),
    `${showSpec(a)} or one row of it`,
  );
  return a;
}
