// Compares a packed model with the interpreter, input by input.
import { checkOptions, createRng, expectLength, option } from '@bitgrad/bits';
import { compareOutputs, scaleOf } from '@bitgrad/compiler/packing';
import { jsEngine, normalizeBytes, validateModel, type Engine, type PackedModel } from '@bitgrad/runtime';
import { failure } from './fail.js';
import { expectGraph, sizeOf, transposed, type SourceGraph, type SourceNode, type Tensor } from './graph.js';
import { interpret, type SourceOps } from './interpret.js';
import { normalizationOf, packRules, type PackOptions } from './pack-graph.js';
import { sourceOps } from './ops/index.js';
import { spatialAxes } from './pack/packed.js';

/** Inputs to compare on, and what is allowed. */
export interface VerifyOptions {
  /** Inputs one after another as the packed model takes them: channels last, bytes for `u8`. Default: 8 random ones. */
  readonly samples?: Uint8Array | Float32Array;
  /** Largest difference, relative to the spread of its output; default 1e-4. */
  readonly tolerance?: number;
  /** Share of samples that must agree, or be ties; default 1. */
  readonly minAgreement?: number;
  /** How many random inputs, where no samples are given; default 8. */
  readonly randomSamples?: number;
  /** Seed of random inputs; default 0. */
  readonly seed?: number;
  /** What runs the packed model; default the JS engine. */
  readonly engine?: Engine;
}

/** Rules of {@link VerifyOptions}. */
export const verifyRules = {
  samples: option.of(
    'a Uint8Array or Float32Array',
    (v) => v instanceof Uint8Array || v instanceof Float32Array,
  ),
  randomSamples: option.integer(1),
  tolerance: option.number(0),
  minAgreement: option.number(0, 1),
  seed: option.integer(),
  engine: option.object,
};

/** What the comparison has found. */
export interface ImportAgreement {
  readonly samples: number;
  /** Whether inputs were given, or drawn. */
  readonly random: boolean;
  /** Share of rows whose largest output is at the same place. */
  readonly argmax: number;
  readonly maxDifference: number;
  /** Largest difference over the spread of its output. */
  readonly relativeDifference: number;
  /** Samples that differ because a value lies within rounding of a quantizer's step. */
  readonly ties: number;
}

/** An input of the packed model as the graph takes it: in its own order of axes, normalized. */
function sourceInput(
  graph: SourceGraph,
  options: PackOptions,
  sample: Uint8Array | Float32Array,
): Float64Array {
  const { shape } = graph.input;
  const axes =
    shape.length > 2 ? spatialAxes(shape.length, graph.channels) : shape.slice(1).map((_, i) => i + 1);
  const plan = axes.map((axis) => shape[axis]!);
  const numbers = sample instanceof Uint8Array ? normalizeBytes(sample, plan.at(-1)!, normalizationOf(graph, options)) : sample; // prettier-ignore
  const image: Tensor = { shape: plan, data: Float64Array.from(numbers) };
  return transposed(image, axes.map((_, i) => axes.indexOf(i + 1))).data; // prettier-ignore
}

const stepOps = new Set([
  'sign',
  'step',
  'quant',
  'multiThreshold',
  'greater',
  'greaterOrEqual',
  'less',
  'lessOrEqual',
]);

/** The least change of any step's input, relative to the largest input there, by which the step gives another value. */
function marginsOf(ops: SourceOps) {
  let least = Infinity;
  const visit = (node: SourceNode, inputs: readonly Tensor[], result: Tensor): void => {
    if (!stepOps.has(node.op) || least < tie) return;
    const op = ops[node.op]!;
    const [x, ...rest] = inputs as [Tensor, ...Tensor[]];
    const size = x.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0) * tie;
    if (size === 0) return;
    for (const side of [-size, size]) {
      const moved = op.evaluate(
        [{ ...x, data: x.data.map((v) => v + side) }, ...rest],
        node.attributes,
        result.shape,
      );
      if (moved.data.some((v, i) => v !== result.data[i])) least = 0;
    }
  };
  return { visit, isTie: () => least < tie };
}
/** Within this share of the largest value, float32 and float64 may take different steps. */
const tie = 2 ** -18;

const randomSamples = (model: PackedModel, count: number, seed: number): Uint8Array | Float32Array => {
  const { type, shape } = model.plan.buffers[model.plan.input]!;
  const rng = createRng(seed);
  const n = count * sizeOf(shape);
  return type === 'u8'
    ? Uint8Array.from({ length: n }, () => rng.integer(256))
    : Float32Array.from({ length: n }, () => 2 * rng.next() - 1);
};

/**
 * Compares a packed model with its graph.
 * @throws BitgradError `verification-failed` where too few samples agree; `shape-mismatch` for samples of another size
 */
export async function verifyImport(
  graph: SourceGraph,
  model: PackedModel,
  options: VerifyOptions = {},
  pack: PackOptions = {},
  ops: SourceOps = sourceOps,
): Promise<ImportAgreement> {
  const { tolerance = 1e-4, minAgreement = 1, randomSamples: drawn = 8, seed = 0, engine = jsEngine() } = checkOptions<VerifyOptions>('importer', 'verifyImport', options, verifyRules); // prettier-ignore
  expectGraph(graph);
  checkOptions<PackOptions>('importer', 'verifyImport', pack, packRules);
  validateModel(model);
  const size = sizeOf(model.plan.buffers[model.plan.input]!.shape);
  const samples = options.samples ?? randomSamples(model, drawn, seed);
  const count = Math.max(1, Math.floor(samples.length / size));
  expectLength('samples', samples.length, count * size);
  const executable = await engine.compile(model);
  const got = await executable.runAsync(samples as never);
  executable.dispose();
  const outputs: number[] = [];
  const inputs = Array.from({ length: count }, (_, i) => sourceInput(graph, pack, samples.slice(i * size, (i + 1) * size) as Float32Array)); // prettier-ignore
  for (const input of inputs) for (const v of interpret(graph, input, ops).data) outputs.push(v);
  const width = graph.shapes.get(graph.output)!.at(-1)!;
  const want = { values: outputs, samples: count, width };
  const scale = scaleOf(want, width > 1);
  const found = compareOutputs({ values: got, samples: count, width }, want, scale, tolerance);
  const ties = inputs.filter((input, i) => {
    if (found.agrees[i]) return false;
    const { visit, isTie } = marginsOf(ops);
    interpret(graph, input, ops, visit);
    return isTie();
  }).length;
  const agreeing = found.agrees.filter(Boolean).length + ties;
  if (agreeing < minAgreement * count)
    throw failure('verification-failed', {
      what: `the packed model disagrees with the graph on ${count - agreeing} of ${count} inputs (largest difference relative to the spread ${found.relativeDifference}, largest output at the same place in ${found.sameRows} of ${found.rows} rows)`,
      next: 'Report it with the model; tolerance and minAgreement accept more.',
    });
  return {
    samples: count,
    random: !options.samples,
    argmax: found.sameRows / found.rows,
    maxDifference: found.maxDifference,
    relativeDifference: found.relativeDifference,
    ties,
  };
}
