// Runs a source graph in float64, node by node: slow, and what packed models are compared with.
import { checkValue, expectLength, option } from '@bitgrad/bits';
import { expectGraph, sizeOf, type SourceGraph, type SourceNode, type Tensor } from './graph.js';
import { checkAttributes, opOf, type SourceOp } from './op.js';
import { sourceOps } from './ops/index.js';

/** Ops by name. */
export type SourceOps = Readonly<Record<string, SourceOp>>;

/**
 * The output of a graph for one input.
 * @param input numbers in the graph's own order of axes
 * @param visit called with the result of each node
 * @throws BitgradError `shape-mismatch` for an input of another length
 */
export function interpret(
  graph: SourceGraph,
  input: ArrayLike<number>,
  ops: SourceOps = sourceOps,
  visit: (node: SourceNode, inputs: readonly Tensor[], result: Tensor) => void = () => {},
): Tensor {
  expectGraph(graph);
  checkValue('importer', 'ops', ops, option.required(option.object));
  const length = (input as ArrayLike<number> | null)?.length ?? -1;
  expectLength('input of the graph', length, sizeOf(graph.input.shape));
  const values = new Map<string, Tensor>([
    [graph.input.name, { shape: graph.input.shape, data: Float64Array.from(input) }],
  ]);
  const uses = new Map<string, number>();
  for (const node of graph.nodes) for (const name of node.inputs) uses.set(name, (uses.get(name) ?? 0) + 1);
  for (const node of graph.nodes) {
    const op = opOf(ops, node);
    const inputs = node.inputs.map((name) => graph.constants.get(name) ?? values.get(name)!);
    const result = op.evaluate(inputs, checkAttributes(op, node), graph.shapes.get(node.output)!);
    visit(node, inputs, result);
    values.set(node.output, result);
    for (const name of node.inputs) {
      const left = uses.get(name)! - 1;
      uses.set(name, left);
      if (left === 0 && name !== graph.output) values.delete(name);
    }
  }
  return values.get(graph.output)!;
}
