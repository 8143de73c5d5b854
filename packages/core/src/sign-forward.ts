// The forward of binary networks, for every plugin that begins with it.
import { binarySign, E, inputsOf, linearize } from '@bitgrad/bits';
import type { Scalars } from './contracts/context.js';
import type { ForwardQuantizer } from './contracts/forward.js';
import { defineForward } from './define.js';
import { expectKind, expectObject } from './expect.js';

/**
 * A forward quantizer of F(u) = +1 for u >= 0 (and -0), else -1.
 * @param members its name and options; what prepares u, and what scales F(u)
 * @throws BitgradError `invalid-plugin`
 * @see Hubara et al., Binarized Neural Networks, arXiv 1602.02830, eq. 1
 */
export const defineSignForward = (
  members: Pick<ForwardQuantizer, 'name' | 'options' | 'prepare' | 'scale'>,
): ForwardQuantizer =>
  defineForward({
    alphabet: 'pm1',
    levels: [-1, 1],
    soft: false,
    formula: binarySign,
    expression: () => E.sign(E.input('x')),
    jumps: () => [{ at: 0, from: -1, to: 1 }],
    ...members,
  });

const signProgram = linearize(E.sign(E.input('x')), ['x']).key;
/** What is known of forwards whose expression takes no scalars. */
const known = new WeakMap<ForwardQuantizer, boolean>();

/**
 * Whether F, as its expression has it, is the sign of {@link defineSignForward}, in every state; `prepare` and `scale` are not looked
 * at.
 * @param scalars those of the quantizer's schedule at the time
 */
export function isSignForward(forward: ForwardQuantizer, scalars: Scalars): boolean {
  expectKind('isSignForward', 'forward', forward);
  expectObject('scalars of isSignForward', scalars);
  const before = known.get(forward);
  if (before !== undefined) return before;
  const { expression, statistics, hardExpression, harden } = forward;
  if (!expression || statistics || hardExpression || harden) return false;
  const tree = expression.call(forward, scalars);
  const names = inputsOf(tree);
  const is = names.length === 1 && names[0] === 'x' && linearize(tree, ['x']).key === signProgram;
  if (expression.length === 0) known.set(forward, is);
  return is;
}
