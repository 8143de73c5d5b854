// The source graph: a network of another framework as plain data, in its own layout, before anything is packed.
import { checkValue, option } from '@bitgrad/bits';
import { failure } from './fail.js';

/** Sizes of axes, the batch (1) first. */
export type Sizes = readonly number[];

/** Numbers of a graph, row-major. */
export interface Tensor {
  readonly shape: Sizes;
  readonly data: Float64Array;
}

/** One use of an op. */
export interface SourceNode {
  /** Its name in the file; errors and the ops of the packed model bear it. */
  readonly name: string;
  /** A name of `sourceOps`. */
  readonly op: string;
  /** Names of values: the input, constants and outputs of nodes before it. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A network: nodes in an order in which they can run, one input and one output. */
export interface SourceGraph {
  readonly name: string;
  readonly input: { readonly name: string; readonly shape: Sizes };
  readonly output: string;
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly nodes: readonly SourceNode[];
  /** Shapes of all values. */
  readonly shapes: ReadonlyMap<string, Sizes>;
  /** Where images have their channels. */
  readonly channels: 'first' | 'last';
  /** How pixels are brought to what the graph takes, where the file or its format says so. */
  readonly normalization?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** Names of the classes, where the file has them. */
  readonly classes?: readonly string[];
}

/** The number of elements of a shape. */
export const sizeOf = (shape: Sizes): number => shape.reduce((a, b) => a * b, 1);

const sizes = option.required(option.list(option.integer(0)));

/**
 * A tensor of some numbers.
 * @throws BitgradError `invalid-option` for what is no shape; `shape-mismatch` for another count of numbers
 */
export function tensorOf(shape: Sizes, data: ArrayLike<number>): Tensor {
  checkValue('importer', 'shape of a tensor', shape, sizes);
  const length = (data as ArrayLike<number> | null)?.length;
  if (typeof data !== 'object' || length !== sizeOf(shape))
    throw failure('shape-mismatch', { what: 'numbers of a tensor', got: length ?? data ?? 'nothing', expected: `${sizeOf(shape)}, for the shape [${shape.join(', ')}]` }); // prettier-ignore
  return { shape, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}

const map = option.required(option.of('a Map', (v) => v instanceof Map));
const node = option.of(
  'nodes { name, op, inputs, output, attributes }',
  (v) => typeof (v as SourceNode | null)?.op === 'string' && Array.isArray((v as SourceNode).inputs),
);

/** @throws BitgradError `invalid-option` for what is no source graph */
export function expectGraph(graph: SourceGraph): void {
  checkValue('importer', 'graph', graph, option.required(option.object));
  checkValue('importer', 'graph.nodes', graph.nodes, option.required(option.list(node, 1)));
  checkValue('importer', 'graph.constants', graph.constants, map);
  checkValue('importer', 'graph.shapes', graph.shapes, map);
  checkValue('importer', 'graph.input', graph.input, option.required(option.object));
  checkValue('importer', 'graph.input.shape', graph.input.shape, sizes);
  checkValue('importer', 'graph.output', graph.output, option.required(option.string));
  const known = new Set([graph.input.name, ...graph.constants.keys()]);
  for (const { inputs, output } of graph.nodes) {
    const missing =
      [...inputs, output].find((name) => !graph.shapes.has(name)) ?? inputs.find((name) => !known.has(name));
    if (missing !== undefined) throw failure('invalid-option', { what: 'value that a node of the graph has', got: missing, expected: 'its shape, and a node before it, a constant or the input' }); // prettier-ignore
    known.add(output);
  }
  if (!known.has(graph.output) || graph.constants.has(graph.output))
    throw failure('invalid-option', {
      what: 'graph.output',
      got: graph.output,
      expected: 'the output of a node',
    });
}

/** Elements between neighbours along each axis. */
export function stridesOf(shape: Sizes): number[] {
  const strides = Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

/** The tensor whose axis i is axis `permutation[i]`. */
export function transposed({ shape, data }: Tensor, permutation: readonly number[]): Tensor {
  const sizes = permutation.map((axis) => shape[axis]!);
  const from = permutation.map((axis) => stridesOf(shape)[axis]!);
  const result = new Float64Array(data.length);
  const at = sizes.map(() => 0);
  let source = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = data[source]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      source += from[axis]!;
      if (++at[axis]! < sizes[axis]!) break;
      source -= from[axis]! * sizes[axis]!;
      at[axis] = 0;
    }
  }
  return { shape: sizes, data: result };
}

/** The shape that two shapes broadcast to, as in NumPy; undefined where they do not. */
export function broadcast(a: Sizes, b: Sizes): Sizes | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const [x, y] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    if (x !== y && x !== 1 && y !== 1) return undefined;
    shape.push(x === 1 ? y : x);
  }
  return shape;
}

/** The elements of a tensor repeated to a shape that its own broadcasts to. */
export function expanded({ shape, data }: Tensor, to: Sizes): Float64Array {
  if (data.length === sizeOf(to)) return data;
  const missing = to.length - shape.length;
  const own = stridesOf(shape);
  const steps = to.map((_, i) => (i < missing || shape[i - missing] === 1 ? 0 : own[i - missing]!));
  const result = new Float64Array(sizeOf(to));
  const at = to.map(() => 0);
  let source = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = data[source]!;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      source += steps[axis]!;
      if (++at[axis]! < to[axis]!) break;
      source -= steps[axis]! * to[axis]!;
      at[axis] = 0;
    }
  }
  return result;
}
