// Puts a source graph together node by node: shapes follow from the ops, and what depends on constants alone is computed at
// once.
import { BitgradError, checkValue, option } from '@bitgrad/bits';
import { check, failure } from './fail.js';
import { sizeOf, type Sizes, type SourceGraph, type SourceNode, type Tensor } from './graph.js';
import { limitsFrom, type ImportLimits } from './limits.js';
import { checkAttributes, opOf, type SourceOp } from './op.js';
import { sourceOps } from './ops/index.js';

/** A graph under construction. Values are named; a name is given once. */
export interface GraphBuilder {
  input(name: string, shape: Sizes): GraphBuilder;
  constant(name: string, tensor: Tensor): GraphBuilder;
  /** @throws BitgradError that names the node, for an op that is unknown and for inputs that do not fit */
  node(node: SourceNode): GraphBuilder;
  /** A constant by its name, or undefined for what is computed. */
  constantOf(name: string): Tensor | undefined;
  /** @throws BitgradError `invalid-file` for a value that is not there */
  shapeOf(name: string): Sizes;
  has(name: string): boolean;
  finish(output: string, rest: Pick<SourceGraph, 'name' | 'channels'> & Partial<SourceGraph>): SourceGraph;
}

/** Nodes that the output needs. */
function needed(nodes: readonly SourceNode[], output: string): SourceNode[] {
  const wanted = new Set([output]);
  const kept = nodes.toReversed().filter((node) => {
    if (!wanted.has(node.output)) return false;
    node.inputs.forEach((name) => wanted.add(name));
    return true;
  });
  return kept.reverse();
}

/** @throws the error, made one that names the node */
function naming<T>({ name, op }: SourceNode, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof BitgradError && error.message.includes(`"${name}"`)) throw error;
    throw failure(error instanceof BitgradError ? error.code : 'invalid-file', {
      what: `node "${name}" (${op}): ${error instanceof Error ? error.message : String(error)}`,
      cause: error,
    });
  }
}

/** What a graph asks for, compared with the limits before it is given. */
function claims(limits: ImportLimits) {
  let [work, held] = [0, 0];
  const claim = (what: string, shape: Sizes): void => {
    check(shape.length <= 8, `axes of ${what}`, shape.length, 'at most 8', 'limit-exceeded');
    check(shape.every((n) => Number.isInteger(n) && n >= 0), `shape of ${what}`, shape, 'whole sizes'); // prettier-ignore
    check(sizeOf(shape) <= limits.elements, `elements of ${what}`, sizeOf(shape), `at most ${limits.elements}`, 'limit-exceeded'); // prettier-ignore
  };
  const spend = (operations: number): void => {
    work += operations;
    check(work <= limits.operations, 'operations of the graph', work, `at most ${limits.operations}`, 'limit-exceeded'); // prettier-ignore
  };
  const claimConstant = (tensor: Tensor): void => {
    held += tensor.data.length;
    check(held <= 2 * limits.elements, 'elements of all constants', held, `at most ${2 * limits.elements}`, 'limit-exceeded'); // prettier-ignore
  };
  return { claim, spend, claimConstant };
}

/** An empty graph. `ops` are further ops, or others in place of ours. */
export function createGraphBuilder(
  given: Partial<ImportLimits> = {},
  ops: Readonly<Record<string, SourceOp>> = sourceOps,
): GraphBuilder {
  const limits = limitsFrom(given);
  checkValue('importer', 'ops', ops, option.required(option.object));
  const constants = new Map<string, Tensor>();
  const shapes = new Map<string, Sizes>();
  const nodes: SourceNode[] = [];
  let input: SourceGraph['input'] | undefined;
  let count = 0;
  const { claim, spend, claimConstant } = claims(limits);
  const hold = (name: string, tensor: Tensor): void => {
    claimConstant(tensor);
    constants.set(name, tensor);
  };
  const define = (name: string, shape: Sizes): void => {
    check(!shapes.has(name), 'value that is written twice', name, 'a name for each value');
    shapes.set(name, shape);
  };
  const shapeOf = (name: string): Sizes => {
    const shape = shapes.get(name);
    check(shape, 'value that no node has written', name, 'a node before it, an input or a constant');
    return shape;
  };
  const builder: GraphBuilder = {
    input(name, shape) {
      claim(`input "${name}"`, shape);
      check(!input, 'second input', name, 'one input: the rest are constants', 'unsupported-op');
      define(name, shape);
      input = { name, shape };
      return builder;
    },
    constant(name, tensor) {
      claim(`constant "${name}"`, tensor.shape);
      check(tensor.data.length === sizeOf(tensor.shape), `elements of constant "${name}"`, tensor.data.length, String(sizeOf(tensor.shape))); // prettier-ignore
      define(name, tensor.shape);
      hold(name, tensor);
      return builder;
    },
    node(node) {
      check(++count <= limits.nodes, 'nodes', count, `at most ${limits.nodes}`, 'limit-exceeded');
      naming(node, () => {
        const op = opOf(ops, node);
        const inputs = node.inputs.map(shapeOf);
        const [least, most] = op.inputs;
        check(inputs.length >= least && inputs.length <= most, `inputs of node "${node.name}" (${node.op})`, inputs.length, `${least} to ${most}`); // prettier-ignore
        const attributes = checkAttributes(op, node);
        const shape = op.shape(inputs, attributes, node);
        claim(`node "${node.name}" (${node.op})`, shape);
        spend([...inputs, shape].reduce((sum, s) => sum + sizeOf(s), 0) + (op.cost?.(inputs, shape, attributes) ?? 0)); // prettier-ignore
        define(node.output, shape);
        const known = node.inputs.map((name) => constants.get(name));
        if (known.every((tensor) => tensor !== undefined))
          hold(node.output, op.evaluate(known, attributes, shape));
        else nodes.push(node);
      });
      return builder;
    },
    constantOf: (name) => constants.get(name),
    has: (name) => shapes.has(name),
    shapeOf,
    finish(output, rest) {
      check(input, 'input of the graph', 'nothing', 'one input');
      shapeOf(output);
      check(!constants.has(output), 'output of the graph', output, 'a value that depends on the input');
      const kept = needed(nodes, output);
      check(kept.length > 0, 'nodes between input and output', 0, 'one at least');
      return { ...rest, input, output, constants, shapes, nodes: kept };
    },
  };
  return Object.freeze(builder);
}
