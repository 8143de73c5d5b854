// What an op of source graphs is: one definition says what it takes, what it computes in float64, and how it is packed.
import { checkOptions, option, type OptionRule } from '@bitgrad/bits';
import { failure } from './fail.js';
import type { Sizes, SourceNode, Tensor } from './graph.js';
import type { Packed, PackContext } from './pack/packed.js';

/** What an op takes when it is packed: constants as tensors, computed values as they are packed. */
export type PackInput = Tensor | Packed;

/** An op of source graphs; `A` are its attributes, checked. */
export interface SourceOp<A extends object = object> {
  /** One sentence. */
  readonly summary: string;
  /** Least and most inputs. */
  readonly inputs: readonly [least: number, most: number];
  readonly attributes: Readonly<Record<string, OptionRule>>;
  /** The shape of the output. @throws BitgradError `shape-mismatch` for inputs that do not fit */
  shape(inputs: readonly Sizes[], attributes: A, node: SourceNode): Sizes;
  /** Multiply-accumulates or the like, where more than the elements of its inputs and output. */
  cost?(inputs: readonly Sizes[], output: Sizes, attributes: A): number;
  /** Its value in float64: what packed models are compared with. */
  evaluate(inputs: readonly Tensor[], attributes: A, output: Sizes): Tensor;
  /** Writes it into the plan. Absent: it can only be computed from constants. */
  pack?(inputs: readonly PackInput[], attributes: A, node: SourceNode, context: PackContext): Packed;
}

const callback = option.required(option.callback);
const rules = {
  summary: option.required(option.string),
  inputs: option.required(option.list(option.integer(0), 2)),
  attributes: option.required(option.object),
  shape: callback,
  cost: option.callback,
  evaluate: callback,
  pack: option.callback,
};

/** Declares an op. @throws BitgradError `invalid-option` for a member that is missing, or is not known */
export const defineSourceOp = <A extends object>(op: SourceOp<A>): SourceOp =>
  checkOptions('importer', 'defineSourceOp', op ?? (null as never), rules) as unknown as SourceOp;

/** The op of a node. @throws BitgradError `unsupported-op` */
export function opOf(ops: Readonly<Record<string, SourceOp>>, { name, op }: SourceNode): SourceOp {
  if (Object.hasOwn(ops, op)) return ops[op]!;
  throw failure('unsupported-op', { what: `node "${name}": op`, got: op, expected: `one of ${Object.keys(ops).join(', ')}` }); // prettier-ignore
}

/** @throws BitgradError `invalid-option` for attributes that the op does not have */
export const checkAttributes = (op: SourceOp, { name, op: kind, attributes }: SourceNode): object =>
  checkOptions('importer', `node "${name}" (${kind})`, attributes, op.attributes);

/** Whether an input is a constant. */
export const isTensor = (input: PackInput): input is Tensor =>
  typeof input === 'object' && input !== null && 'data' in input;
