// A source graph as a packed model.
import {
  BitgradError,
  byteNormalizer,
  checkOptions,
  checkValue,
  normalizationRules,
  option,
  outputKinds,
  reasonOf,
  type OutputKind,
} from '@bitgrad/bits';
import {
  createBuilder,
  materialize,
  plainValue,
  withChannelwise,
  type Value,
} from '@bitgrad/compiler/packing';
import { encodeModel, type InputNormalization, type ModelMetadata, type PackedModel } from '@bitgrad/runtime';
import { failure } from './fail.js';
import { expectGraph, type SourceGraph, type SourceNode } from './graph.js';
import type { SourceOps } from './interpret.js';
import { checkAttributes, opOf } from './op.js';
import { sourceOps } from './ops/index.js';
import { arranged, naturalAxes, spatialAxes, type Packed, type PackContext } from './pack/packed.js';

/** How a graph is packed. */
export interface PackOptions {
  /** `u8`: the packed model takes bytes, normalized as `normalization` says; `f32` (default): what the graph takes. */
  readonly input?: 'u8' | 'f32';
  /** (byte - mean) / std, in units of bytes; default what the format says, else mean 0 and std 255: pixels from 0 to 1. */
  readonly normalization?: InputNormalization;
  /** What the outputs are; default: logits, probabilities where the graph ends in a softmax, regression of one number. */
  readonly output?: OutputKind;
  /** Names of the classes. */
  readonly classes?: readonly string[];
  /** Most binary planes of an activation with few levels, 1 to 15 (default: 4 bits); more levels run in float32. */
  readonly planes?: number;
}

/** Rules of {@link PackOptions}. */
export const packRules = {
  input: option.oneOf('u8', 'f32'),
  normalization: option.inside(normalizationRules),
  output: option.oneOf(...outputKinds),
  classes: option.list(option.string, 1),
  planes: option.integer(1, 15),
};

/** A packed graph. */
export interface PackedGraph {
  readonly model: PackedModel;
  /** The `.bitgrad` file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Nodes that run as float ops although they are quantized, with the reason. */
  readonly fallbacks: readonly { readonly node: string; readonly reason: string }[];
}

/** The normalization of a byte input. */
export const normalizationOf = (graph: SourceGraph, options: PackOptions): InputNormalization =>
  options.normalization ?? graph.normalization ?? { mean: [0], std: [255] };

const inputOf = (graph: SourceGraph, options: PackOptions, { builder }: PackContext): Packed => {
  const { shape } = graph.input;
  if (shape.length < 2 || shape.length > 5 || shape[0] !== 1)
    throw failure('unsupported-op', { what: 'shape of the input', got: shape, expected: 'a batch of 1 and one to four axes' }); // prettier-ignore
  const axes = shape.length > 2 ? spatialAxes(shape.length, graph.channels) : naturalAxes(shape);
  const plan = axes.map((axis) => shape[axis]!);
  const { input: type = 'f32' } = options;
  const buffer = builder.buffer(type, plan);
  if (type === 'f32') return { value: plainValue(buffer, type, plan), shape, axes };
  const { mean, std } = normalizationOf(graph, options);
  const c = plan.at(-1)!;
  const of = (list: readonly number[]): number[] =>
    Array.from({ length: c }, (_, i) => list[list.length === 1 ? 0 : i]!);
  for (const [name, list] of Object.entries({ mean, std }))
    if (list.length !== 1 && list.length !== c)
      throw failure('invalid-option', {
        what: `normalization.${name}`,
        got: list,
        expected: `1 or ${c} numbers`,
      });
  const [m, s] = [of(mean), of(std).map((v) => 1 / v)];
  const floatOf = byteNormalizer({ mean, std });
  const raw = plainValue(buffer, type, plan, [0, 255]);
  const scaled = { scale: s, bias: m.map((v, i) => -v * s[i]!) };
  const value = withChannelwise(raw, {
    name: 'normalization',
    // As pictures are normalized for the graph.
    apply: (x) => Float32Array.from(x, (v, i) => floatOf(v, i % c)),
    lowered: [{ kind: 'affine', affine: scaled }],
  });
  return { value, shape, axes };
};

/** @throws the error, made one that names the node */
function packing<T>({ name, op }: SourceNode, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof BitgradError && error.message.includes(`"${name}"`)) throw error;
    throw failure(
      error instanceof BitgradError && error.code === 'limit-exceeded' ? error.code : 'unsupported-op',
      {
        what: `node "${name}" (${op}) cannot be packed: ${reasonOf(error).replace(/\.$/, '')}`,
        next: 'Put another op in its place, or report it with the model.',
        cause: error,
      },
    );
  }
}

const kindOf = (graph: SourceGraph, options: PackOptions, width: number): OutputKind => {
  if (options.output) return options.output;
  const last = graph.nodes.at(-1)!.op;
  if (last === 'softmax') return 'probabilities';
  if (last === 'sigmoid') return 'sigmoid';
  return width > 1 ? 'logits' : 'regression';
};

/**
 * Packs a graph. The packed model takes images with their channels last, and gives its output in the order of the source.
 * @throws BitgradError `unsupported-op` that names the node, its op and a next step; `invalid-option`
 */
export function packGraph(
  graph: SourceGraph,
  options: PackOptions = {},
  ops: SourceOps = sourceOps,
): PackedGraph {
  checkOptions<PackOptions>('importer', 'packGraph', options, packRules);
  expectGraph(graph);
  checkValue('importer', 'ops', ops, option.required(option.object));
  const context: PackContext = { builder: createBuilder(), memo: new Map<Value, number>(), fallbacks: [], planes: options.planes ?? 15 }; // prettier-ignore
  const { builder } = context;
  const first = inputOf(graph, options, context);
  const values = new Map<string, Packed>([[graph.input.name, first]]);
  for (const node of graph.nodes)
    packing(node, () => {
      const op = opOf(ops, node);
      if (!op.pack) throw failure('unsupported-op', { what: `node "${node.name}" (${node.op}) of a computed value`, next: 'This op is known of constants only: fold it, or compute it another way.' }); // prettier-ignore
      const inputs = node.inputs.map((name) => graph.constants.get(name) ?? values.get(name)!);
      values.set(node.output, op.pack(inputs, checkAttributes(op, node), node, context));
    });
  const end = values.get(graph.output)!;
  const { buffer, width } = packing(graph.nodes.at(-1)!, () => {
    const last = arranged(end, naturalAxes(end.shape), context);
    const at = materialize(builder, last.value, context.memo);
    return { buffer: at, width: end.shape.at(-1)! };
  });
  const classes = options.classes ?? graph.classes;
  const metadata: ModelMetadata = {
    name: graph.name,
    producer: '@bitgrad/importer',
    output: kindOf(graph, options, width),
    floatBytes: floatBytesOf(graph),
    ...(options.input === 'u8' ? { normalization: normalizationOf(graph, options) } : {}),
    ...(classes ? { classes } : {}),
  };
  const model = builder.finish(first.value.buffer, buffer, metadata);
  const bytes = encodeModel(model.plan, model.weights, model.metadata);
  return { model, bytes, fallbacks: context.fallbacks };
}

/** Bytes of all constants that nodes read, in float32. */
const floatBytesOf = ({ nodes, constants }: SourceGraph): number => {
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  return 4 * [...read].reduce((sum, name) => sum + (constants.get(name)?.data.length ?? 0), 0);
};
