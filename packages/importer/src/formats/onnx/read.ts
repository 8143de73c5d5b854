// ONNX and QONNX files as source graphs.
import { nearestName } from '@bitgrad/bits';
import { createGraphBuilder, type GraphBuilder } from '../../builder.js';
import { check, failure } from '../../fail.js';
import type { SourceGraph } from '../../graph.js';
import type { ReadContext } from '../../define.js';
import { activations } from './nodes/activations.js';
import { arithmetic } from './nodes/arithmetic.js';
import { products } from './nodes/products.js';
import { quantizers } from './nodes/quantizers.js';
import { shapes } from './nodes/shapes.js';
import { onnxNode, type OnnxNode, type Translation } from './node.js';
import { intOf, modelType, type ModelProto, type NodeProto, type ValueProto } from './schema.js';
import { readTensor } from './tensor.js';

/** Translations by the name of the operator; the domains of QONNX and FINN share no name with ONNX's. */
const translations: Readonly<Record<string, Translation>> = {
  ...activations,
  ...arithmetic,
  ...products,
  ...quantizers,
  ...shapes,
};

const domains = ['', 'ai.onnx', 'onnx.brevitas', 'qonnx.custom_op.general', 'finn.custom_op.general'];

function decode(bytes: Uint8Array): ModelProto {
  try {
    const type = modelType();
    return type.toObject(type.decode(bytes), { defaults: true, arrays: true }) as ModelProto;
  } catch (cause) {
    throw failure('invalid-file', {
      what: 'the file is no ONNX model',
      got: cause instanceof Error ? cause.message : cause,
      expected: 'a serialized ModelProto',
      cause,
    });
  }
}

const shapeOf = ({ name, type }: ValueProto, given: readonly number[] | undefined): number[] => {
  const dims = type?.tensor_type?.shape?.dim.map(({ dim_value }) => intOf(dim_value)) ?? [];
  if (given) return [1, ...given];
  // The batch may be open, or fixed; one example is packed.
  const [, ...rest] = dims;
  check(rest.length > 0 && rest.every((d) => d > 0), `shape of input "${name}"`, dims, 'known sizes after the batch: give them as inputShape', 'invalid-option'); // prettier-ignore
  return [1, ...rest];
};

const translate = (
  proto: NodeProto,
  builder: GraphBuilder,
  version: number,
  limits: ReadContext['limits'],
  borders: OnnxNode['borders'],
): void => {
  // prettier-ignore
  const node = onnxNode(proto, builder, version, limits, borders);
  const known = Object.hasOwn(translations, proto.op_type) && domains.includes(proto.domain);
  if (!known) {
    const meant = nearestName(proto.op_type, Object.keys(translations));
    throw failure('unsupported-op', {
      what: `node "${node.name}" has the operator ${proto.domain ? `${proto.domain}.` : ''}${proto.op_type}, which is not known`,
      expected: `one of ${Object.keys(translations).sort().join(', ')}`,
      next: meant
        ? `Did you mean ${meant}?`
        : 'Export the model without it, or offer an importer of your own.',
    });
  }
  translations[proto.op_type]!(node);
};

/** What `exportOnnx` leaves in a file. */
function ownMetadata(properties: ModelProto['metadata_props']): { classes?: string[] } | undefined {
  const text = properties.find(({ key }) => key === 'bitgrad')?.value;
  if (text === undefined) return undefined;
  try {
    const { classes } = JSON.parse(text) as { classes?: unknown };
    return Array.isArray(classes) && classes.every((name) => typeof name === 'string') ? { classes } : {};
  } catch {
    return {};
  }
}

/** @throws BitgradError that names the node, its operator and a next step; `limit-exceeded` */
export function readOnnx(bytes: Uint8Array, { limits, inputShape, name, ops }: ReadContext): SourceGraph {
  const { graph, opset_import, metadata_props } = decode(bytes);
  check(graph, 'graph of the file', 'nothing', 'a graph');
  check(
    graph.node.length <= limits.nodes,
    'nodes',
    graph.node.length,
    `at most ${limits.nodes}`,
    'limit-exceeded',
  );
  const version = Math.max(1, ...opset_import.filter(({ domain }) => domain === '' || domain === 'ai.onnx').map(({ version: v }) => intOf(v))); // prettier-ignore
  const builder = createGraphBuilder(limits, ops);
  const stored = new Set(graph.initializer.map((t) => t.name));
  const inputs = graph.input.filter((v) => !stored.has(v.name));
  check(inputs.length === 1, 'inputs of the graph', inputs.map((v) => v.name), 'one input', 'unsupported-op'); // prettier-ignore
  check(graph.output.length === 1, 'outputs of the graph', graph.output.map((v) => v.name), 'one output', 'unsupported-op'); // prettier-ignore
  builder.input(inputs[0]!.name, shapeOf(inputs[0]!, inputShape));
  for (const tensor of graph.initializer) builder.constant(tensor.name, readTensor(tensor, limits));
  const borders: OnnxNode['borders'] = new Map();
  for (const node of graph.node) translate(node, builder, version, limits, borders);
  const own = ownMetadata(metadata_props);
  const { type } = inputs[0]!;
  return builder.finish(graph.output[0]!.name, {
    name: graph.name || name,
    // A packed model of ours with rows of tokens has them in its own order.
    channels: own && builder.shapeOf(inputs[0]!.name).length === 3 ? 'last' : 'first',
    // Bytes are taken as they are.
    ...(type?.tensor_type?.elem_type === 2 ? { normalization: { mean: [0], std: [1] } } : {}),
    ...(own?.classes ? { classes: own.classes } : {}),
  });
}
