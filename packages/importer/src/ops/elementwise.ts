// What ops of single elements share: the function is stated once, and is what the interpreter runs, what constants are
// folded by, and what thresholds are found with.
import { checkOptions, option, type OptionRule } from '@bitgrad/bits';
import type { Lowered } from '@bitgrad/compiler/packing';
import { failure, unsupported } from '../fail.js';
import { broadcast, expanded, sizeOf, type Sizes, type SourceNode, type Tensor } from '../graph.js';
import { defineSourceOp, isTensor, type PackInput, type SourceOp } from '../op.js';
import { channelNumbers, withFunction } from '../pack/elementwise.js';
import { asFloat, type Packed, type PackContext } from '../pack/packed.js';

/** One number for each channel of the plan. */
export type Channels = readonly number[];

/** An affine step of a chain, which rounds as the source does. */
export const affine = (scale: Channels, bias: Channels): Lowered => ({
  kind: 'affine',
  affine: { scale, bias },
  exact: true,
});

/** The shape that all inputs broadcast to. @throws BitgradError `shape-mismatch` */
export const broadcastAll = (inputs: readonly Sizes[], { name, op }: SourceNode): Sizes =>
  inputs.reduce((a, b) => {
    const shape = broadcast(a, b);
    if (!shape) throw failure('shape-mismatch', { what: `inputs of node "${name}" (${op})`, got: [a, b], expected: 'shapes that broadcast' }); // prettier-ignore
    return shape;
  });

/** A function of an element of each input. */
export const mapped = (
  inputs: readonly Tensor[],
  shape: Sizes,
  f: (...values: number[]) => number,
): Tensor => {
  const columns = inputs.map((input) => expanded(input, shape));
  const data = new Float64Array(sizeOf(shape));
  const row = columns.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    for (let k = 0; k < row.length; k++) row[k] = columns[k]![i]!;
    data[i] = f(...row);
  }
  return { shape, data };
};

/** Numbers of constants by channel. @throws BitgradError `unsupported-op` for computed ones, and others */
export function constantsOf(
  inputs: readonly PackInput[],
  x: Packed,
  node: SourceNode,
): (readonly number[])[] {
  return inputs.map((input) => {
    const numbers = isTensor(input) ? channelNumbers(input, x) : undefined;
    return numbers ?? unsupported(node, 'has a parameter that is computed, or differs from place to place', 'Give it one value, or one for each channel.'); // prettier-ignore
  });
}

/** A computed value. @throws BitgradError `unsupported-op` for a constant */
export const computed = (input: PackInput | undefined, node: SourceNode): Packed =>
  !input || isTensor(input)
    ? unsupported(node, 'has a constant where a value of the network is expected', 'Fold the constants of the model, or compute this node from its input.') // prettier-ignore
    : input;

/** What {@link elementwise} takes; `A` are the attributes. */
export interface ElementwiseOp<A extends object> {
  readonly summary: string;
  /** Least and most constants after the value itself; default none. */
  readonly constants?: readonly [number, number];
  readonly attributes?: Readonly<Record<string, OptionRule>>;
  f(attributes: A): (x: number, ...constants: number[]) => number;
  /** As float ops; undefined for a step function. */
  lowered(attributes: A, channels: number, constants: readonly Channels[]): readonly Lowered[] | undefined;
  /** The values of a step function. */
  levels?(attributes: A): readonly number[];
  /** Whether it only rises, or only falls; default yes. Else it is computed before a quantizer, which has no thresholds then. */
  monotone?(constants: readonly Channels[]): boolean;
}

const rules = {
  summary: option.required(option.string),
  constants: option.list(option.integer(0), 2),
  attributes: option.object,
  f: option.required(option.callback),
  lowered: option.required(option.callback),
  levels: option.callback,
  monotone: option.callback,
};

/** An op of one value and of constants, element by element. @throws BitgradError `invalid-option` */
export function elementwise<A extends object>(op: ElementwiseOp<A>): SourceOp {
  checkOptions('importer', 'elementwise', op ?? (null as never), rules);
  const { summary, constants: [least, most] = [0, 0], attributes = {} } = op;
  return defineSourceOp<A>({
    summary,
    inputs: [1 + least, 1 + most],
    attributes,
    shape: (inputs, _, node) => broadcastAll(inputs, node),
    evaluate: (inputs, a, shape) => mapped(inputs, shape, op.f(a)),
    pack([first, ...rest], a, node, context) {
      const x = computed(first, node);
      const levels = op.levels?.(a);
      const constants = constantsOf(rest, x, node);
      const result = withFunction(
        x,
        node.name,
        {
          f: op.f(a),
          constants,
          lowered: (columns) => op.lowered(a, x.value.shape.at(-1)!, columns),
          ...(levels && { levels }),
        },
        context,
      );
      return op.monotone?.(constants) === false && !x.levels ? asFloat(result, context) : result;
    },
  });
}

/** How an op of two operands is packed where one of them is a constant. */
export interface BinaryOp {
  readonly summary: string;
  f(a: number, b: number): number;
  /** As float ops with the constant second, and with it first; undefined for a step function. */
  lowered?(constant: Channels, first: boolean): readonly Lowered[] | undefined;
  readonly levels?: readonly number[];
  /** Two computed values. */
  both?(a: Packed, b: Packed, node: SourceNode, context: PackContext): Packed;
  /** With a constant that differs from place to place; `first`: the constant is the first operand. */
  places?(x: Packed, constant: Tensor, first: boolean, node: SourceNode, context: PackContext): Packed;
}

/** An op of two operands that broadcast, either of which may be a constant. */
export function binary(op: BinaryOp): SourceOp {
  return defineSourceOp({
    summary: op.summary,
    inputs: [2, 2],
    attributes: {},
    shape: (inputs, _, node) => broadcastAll(inputs, node),
    evaluate: (inputs, _, shape) => mapped(inputs, shape, op.f),
    pack(inputs, _, node, context) {
      const [a, b] = inputs as [PackInput, PackInput];
      if (!isTensor(a) && !isTensor(b))
        return op.both
          ? op.both(a, b, node, context)
          : unsupported(node, 'joins two computed values', 'Use one of add, sub, mul and concat for them.');
      const first = isTensor(a);
      const x = (first ? b : a) as Packed;
      const constant = (first ? a : b) as Tensor;
      const numbers = channelNumbers(constant, x);
      if (!numbers || constant.shape.length > x.shape.length)
        return op.places
          ? op.places(x, constant, first, node, context)
          : unsupported(node, 'has a constant that differs from place to place', 'Give it one value for each channel.'); // prettier-ignore
      return withFunction(
        x,
        node.name,
        {
          f: first ? (v, c) => op.f(c!, v) : op.f,
          constants: [numbers],
          lowered: ([column]) => op.lowered?.(column!, first),
          ...(op.levels && { levels: op.levels }),
        },
        context,
      );
    },
  });
}
