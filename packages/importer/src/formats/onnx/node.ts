// A node of an ONNX file, and what its translation may ask of it and of the graph.
import { failure, unsupported } from '../../fail.js';
import type { GraphBuilder } from '../../builder.js';
import { tensorOf, type Sizes, type SourceNode, type Tensor } from '../../graph.js';
import type { ImportLimits } from '../../limits.js';
import { intOf, type AttributeProto, type NodeProto } from './schema.js';
import { readTensor } from './tensor.js';

/** A node under translation. */
export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  /** Names of values; '' is one that is left out. */
  readonly inputs: readonly string[];
  readonly output: string;
  /** Version of the operator set. */
  readonly version: number;
  int(name: string, fallback: number): number;
  ints(name: string): readonly number[] | undefined;
  float(name: string, fallback: number): number;
  text(name: string, fallback: string): string;
  tensor(name: string): Tensor | undefined;
  has(name: string): boolean;
  /** The shape of input `i`. */
  shape(i: number): Sizes;
  /** Input `i`, which must be a constant; undefined where it is left out. */
  constant(i: number): Tensor | undefined;
  /** Appends a node of the source graph; its output is that of this node, or a name of its own. */
  emit(op: string, inputs: readonly string[], attributes?: SourceNode['attributes'], inner?: string): string;
  /** A constant of its own. */
  number(value: number | Tensor, inner: string): string;
  fail(what: string, next: string): never;
  /** Borders that nodes before it add: a convolution takes one as its own padding. */
  readonly borders: Map<string, Border>;
}

/** A border of one value around the space of a value. */
interface Border {
  readonly input: string;
  /** Before each axis of space, then after each. */
  readonly pads: readonly number[];
  readonly value: number;
}

/** How one ONNX operator becomes nodes of the source graph. */
export type Translation = (node: OnnxNode) => void;

const decoder = new TextDecoder();

/** A node of a file, read. */
export function onnxNode(
  proto: NodeProto,
  builder: GraphBuilder,
  version: number,
  limits: ImportLimits,
  borders: OnnxNode['borders'],
): OnnxNode {
  const output = proto.output[0] ?? '';
  const name = proto.name || `${proto.op_type}:${output}`;
  const op = proto.op_type;
  const find = (key: string): AttributeProto | undefined => proto.attribute.find((a) => a.name === key);
  const fail = (what: string, next: string): never => unsupported({ name, op }, what, next);
  const inputs = proto.input;
  const named = (i: number): string => {
    const input = inputs[i];
    if (!input) throw failure('invalid-file', { what: `input ${i} of node "${name}" (${op})`, got: 'nothing', expected: 'a value' }); // prettier-ignore
    return input;
  };
  return {
    name,
    op,
    inputs,
    output,
    version,
    fail,
    borders,
    int: (key, fallback) => {
      const a = find(key);
      return a ? intOf(a.i) : fallback;
    },
    ints: (key) => find(key)?.ints.map(intOf),
    float: (key, fallback) => find(key)?.f ?? fallback,
    text: (key, fallback) => {
      const a = find(key);
      return a ? decoder.decode(a.s) : fallback;
    },
    tensor: (key) => {
      const a = find(key);
      return a?.t ? readTensor(a.t, limits) : undefined;
    },
    has: (key) => find(key) !== undefined,
    shape: (i) => builder.shapeOf(named(i)),
    constant(i) {
      if (!inputs[i]) return undefined;
      return builder.constantOf(inputs[i]) ?? fail(`has a computed input ${i}`, 'Fold the constants of the model, for example with onnx-simplifier.'); // prettier-ignore
    },
    emit(kind, from, attributes = {}, inner = '') {
      const to = inner ? `${output}/${inner}` : output;
      builder.node({ name, op: kind, inputs: from, output: to, attributes });
      return to;
    },
    number(value, inner) {
      const to = `${output}/${inner}`;
      builder.constant(to, typeof value === 'number' ? tensorOf([], [value]) : value);
      return to;
    },
  };
}

/** An axis counted from the front. */
export const axisOf = (node: OnnxNode, axis: number, rank: number): number =>
  axis >= -rank && axis < rank
    ? (axis + rank) % rank
    : node.fail(`has axis ${axis} of a value of ${rank} axes`, 'Mend the file.');
