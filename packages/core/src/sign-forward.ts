// The forward of binary networks, for every plugin that begins with it.
import { binarySign, E } from '@bitgrad/bits';
import type { ForwardQuantizer } from './contracts/forward.js';
import { defineForward } from './define.js';

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
