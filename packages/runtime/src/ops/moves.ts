// Ops that put boxes of elements elsewhere, given once as where each box comes from and goes to: engines and the oracle
// follow it.
import type { Shape } from '../plan.js';
import type { ConcatOp } from './concat.js';
import type { PadOp } from './pad.js';
import type { SliceOp } from './slice.js';

/** A box of elements that stays as it is. Its corner and its sizes, an entry for each axis. */
export interface Box {
  /** Number of the input. */
  readonly input: number;
  /** Where it begins in the input, and in the output. */
  readonly from: Shape;
  readonly to: Shape;
  readonly size: Shape;
}

/** An op that moves boxes. */
export type BoxOp = ConcatOp | PadOp | SliceOp;

/**
 * The boxes of an op, none over another.
 * @param x shapes of the inputs; @param out shape of the output
 * @returns them, and the value of elements outside of all, if there are any
 */
export function boxesOf(
  op: BoxOp,
  x: readonly Shape[],
  out: Shape,
): { boxes: readonly Box[]; fill?: number } {
  const zeros = out.map(() => 0);
  if (op.op === 'slice') return { boxes: [{ input: 0, from: op.begin, to: zeros, size: out }] };
  if (op.op === 'pad')
    return { boxes: [{ input: 0, from: zeros, to: op.before, size: x[0]! }], fill: op.value };
  let end = 0;
  const boxes = x.map((size, input) => {
    const to = zeros.map((_, axis) => (axis === op.axis ? end : 0));
    end += size[op.axis]!;
    return { input, from: zeros, to, size };
  });
  return { boxes };
}
