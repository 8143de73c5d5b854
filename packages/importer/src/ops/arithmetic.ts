// Sums, differences, products and quotients, in float64; comparisons, as steps.
import { isTensor, type SourceOp } from '../op.js';
import { unsupported } from '../fail.js';
import { joined, withFunction } from '../pack/elementwise.js';
import type { Packed, PackContext } from '../pack/packed.js';
import { affine, binary, mapped, type Channels } from './elementwise.js';
import type { SourceNode, Tensor } from '../graph.js';

const fill = (like: Channels, value: number): number[] => like.map(() => value);

const scaled = (x: Packed, by: number, node: SourceNode, context: PackContext): Packed =>
  withFunction(
    x,
    node.name,
    {
      f: (v) => v * by,
      constants: [],
      lowered: () => [affine(Array(x.value.shape.at(-1)!).fill(by), Array(x.value.shape.at(-1)!).fill(0))],
    },
    context,
  );
const inverse = (t: Tensor, f: (v: number) => number): Tensor => mapped([t], t.shape, f);

/** a + b */
export const add: SourceOp = binary({
  summary: 'a + b',
  f: (a, b) => a + b,
  lowered: (c) => [affine(fill(c, 1), c)],
  both: (a, b, node, context) => joined('add', a, b, node, context),
  places: (x, c, _, node, context) => joined('add', x, c, node, context),
});

/** a - b */
export const sub: SourceOp = binary({
  summary: 'a - b',
  f: (a, b) => a - b,
  lowered: (c, first) => (first ? [affine(fill(c, -1), c)] : [affine(fill(c, 1), c.map((v) => -v))]), // prettier-ignore
  both: (a, b, node, context) => joined('add', a, scaled(b, -1, node, context), node, context),
  places: (x, c, first, node, context) =>
    first
      ? joined('add', scaled(x, -1, node, context), c, node, context)
      : joined('add', x, inverse(c, (v) => -v), node, context), // prettier-ignore
});

/** a * b */
export const mul: SourceOp = binary({
  summary: 'a * b',
  f: (a, b) => a * b,
  lowered: (c) => [affine(c, fill(c, 0))],
  both: (a, b, node, context) => joined('mul', a, b, node, context),
  places: (x, c, _, node, context) => joined('mul', x, c, node, context),
});

/** a / b */
export const div: SourceOp = binary({
  summary: 'a / b',
  f: (a, b) => a / b,
  lowered: (c, first) => (first ? undefined : [affine(c.map((v) => 1 / v), fill(c, 0))]), // prettier-ignore
  places: (x, c, first, node, context) =>
    first
      ? unsupported(node, 'divides a constant by a computed value', 'Divide by constants only.')
      : joined('mul', x, inverse(c, (v) => 1 / v), node, context), // prettier-ignore
});

/** a to the power of b, of constants, and squares. */
export const pow: SourceOp = {
  ...binary({ summary: 'a to the power b', f: (a, b) => a ** b }),
  pack(inputs, _, node, context) {
    const [x, exponent] = inputs;
    if (
      x &&
      !isTensor(x) &&
      exponent &&
      isTensor(exponent) &&
      exponent.data.length === 1 &&
      exponent.data[0] === 2
    )
      return joined('mul', x, x, node, context);
    return unsupported(
      node,
      'is a power of a computed value',
      'Only squares of computed values can be packed.',
    );
  },
};

const comparison = (summary: string, holds: (a: number, b: number) => boolean): SourceOp =>
  binary({ summary, f: (a, b) => (holds(a, b) ? 1 : 0), levels: [0, 1] });

/** 1 where a > b, else 0. */
export const greater = comparison('1 where a > b, else 0', (a, b) => a > b);
/** 1 where a >= b, else 0. */
export const greaterOrEqual = comparison('1 where a >= b, else 0', (a, b) => a >= b);
/** 1 where a < b, else 0. */
export const less = comparison('1 where a < b, else 0', (a, b) => a < b);
/** 1 where a <= b, else 0. */
export const lessOrEqual = comparison('1 where a <= b, else 0', (a, b) => a <= b);
