// Compares a packed model, on the engines that will run it, with the hardened training graph.
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { checkOptions, failureOf, option } from '@bitgrad/core';
import { summary, withHardened } from '@bitgrad/layers';
import {
  elementCount,
  jsEngine,
  normalizeBytes,
  type Engine,
  type InputNormalization,
  type OutputArray,
  type PackedModel,
} from '@bitgrad/runtime';
import { accuracyOf, compareOutputs, spreadsOf, type Differences, type Outputs } from './differences.js';
import { explain } from './rounding.js';
import { checkSamples, randomSamples, type InputKind, type Samples } from './samples.js';

const failure = failureOf('compiler');

/** A measure of one's own of all outputs on given samples, larger is better: an accuracy, or minus an error. */
export interface Metric {
  /** @param outputs outputs of all samples, one after another; @param samples how many there are */
  measure(outputs: Float32Array, samples: number): number;
  /** By how much the packed model's may be less than the graph's, 0 or more. */
  readonly maxLoss: number;
}

/** How well a packed model agrees with its graph. */
export interface Agreement {
  readonly samples: number;
  /** Rows of all outputs: a row lies along the last axis, the classes of an image, of a pixel or of a token. */
  readonly rows: number;
  /** Share of rows whose largest output is at the same place; 1 where a row has one output. */
  readonly argmax: number;
  /** Largest absolute difference of an output. */
  readonly maxDifference: number;
  /** Largest absolute output of the graph. */
  readonly maxOutput: number;
  /**
   * Largest difference over the spread of its output: the standard deviation, over all rows, of the graph's outputs at
   * this place of the last axis (of all outputs together where there are fewer than 8 rows).
   */
  readonly relativeDifference: number;
  /** What `relativeDifference` may be on a sample without further evidence, the option `tolerance`. */
  readonly bound: number;
  /**
   * Samples beyond the bound, or with another largest output, for which the graph's own float32 rounding is the reason:
   * a sum within its rounding error of a threshold, which the packed model has exactly.
   */
  readonly ties: number;
  /** Engines that ran the packed model: the first on all samples. */
  readonly engines: readonly string[];
  /** Share of rows whose largest output of the packed model is at their label; only with labels. */
  readonly accuracy?: number;
  /** The metric of both; only where one is given. */
  readonly metric?: { readonly graph: number; readonly packed: number };
}

/** What {@link verifyModel} needs of the compile options. */
export interface VerifyOptions {
  readonly samples?: Samples;
  /** The class of each sample; of each row where a sample has several. */
  readonly labels?: ArrayLike<number>;
  readonly normalization?: InputNormalization;
  /** Share of samples that must agree; default 1. */
  readonly minAgreement?: number;
  /** Largest difference of an output, relative to its spread; default 1e-4. Beyond it, only rounding is accepted. */
  readonly tolerance?: number;
  /** Least accuracy on the samples; needs `labels`. */
  readonly minAccuracy?: number;
  /** Needs `samples`. */
  readonly metric?: Metric;
  /**
   * Runs the packed model: the engine or engines that users will run. The first runs all samples, each other one the
   * first 64. Default: the portable engine, the reference.
   */
  readonly engine?: Engine | readonly Engine[];
}

/** Largest difference, relative to the spread, that is not looked at further. */
export const defaultTolerance = 1e-4;
/** Samples that the graph sees at a time. */
const chunk = 500;
/** Samples that engines after the first run. */
const others = 64;

const engineRule = option.of(
  'an engine such as jsEngine(), or a list of at least one',
  (v) =>
    [v].flat().length > 0 &&
    [v].flat().every((e) => typeof (e as Engine | null)?.compile === 'function' && typeof (e as Engine).name === 'string'), // prettier-ignore
);

/** Rules of {@link VerifyOptions}; samples, labels and normalization have checks of their own. */
export const verifyRules = {
  samples: option.any,
  labels: option.any,
  normalization: option.any,
  minAgreement: option.number(0, 1),
  tolerance: option.of('a number, 0 or more', (v) => typeof v === 'number' && v >= 0),
  minAccuracy: option.number(0, 1),
  metric: option.inside({
    measure: option.required(option.callback),
    maxLoss: option.required(option.number(0)),
  }),
  engine: engineRule,
};

const inputOf = ({ plan }: PackedModel): InputKind => {
  const { type, shape } = plan.buffers[plan.input]!;
  return { type: type as InputKind['type'], size: elementCount(shape) };
};

/** What the graph takes in place of a packed model's inputs. */
const graphInputs = ({ plan }: PackedModel, samples: Samples, normalization?: InputNormalization) => {
  const { type, shape } = plan.buffers[plan.input]!;
  return type === 'u8' ? normalizeBytes(samples, shape.at(-1)!, normalization) : Float32Array.from(samples);
};

/**
 * The graph's outputs for rows of inputs as the packed model takes them, hardened.
 * @throws BitgradError as {@link verifyModel} for samples that do not fit
 */
export function graphOutputs(
  model: tfl.LayersModel,
  packed: PackedModel,
  samples: Samples,
  normalization?: InputNormalization,
): Float32Array {
  checkSamples(samples, inputOf(packed));
  const { plan } = packed;
  const { size } = inputOf(packed);
  const rows = samples.length / size;
  const outputs = new Float32Array(rows * elementCount(plan.buffers[plan.output]!.shape));
  const width = outputs.length / rows;
  const part = (from: number): void => {
    const values = graphInputs(packed, samples.subarray(from * size, (from + chunk) * size), normalization);
    const x = tf.tensor(values, [values.length / size, ...plan.buffers[plan.input]!.shape]);
    outputs.set((model.predict(x, { batchSize: 250 }) as tf.Tensor).dataSync(), from * width);
  };
  withHardened(model, () => {
    for (let from = 0; from < rows; from += chunk) tf.tidy(() => part(from));
  });
  return outputs;
}

/**
 * Whether labels, accuracy and metric fit the samples.
 * @param rows rows of an output, for each sample; @param width outputs of a row
 * @throws BitgradError `invalid-option`
 */
export function checkLabels(
  { labels, minAccuracy, samples, metric }: VerifyOptions,
  size: number,
  rows: number,
  width: number,
): void {
  const bad = (what: string, got: unknown, expected: string) =>
    failure('invalid-option', { what, got, expected });
  if (minAccuracy !== undefined && !(labels && samples))
    throw bad('minAccuracy', minAccuracy, 'samples and labels with it');
  if (metric && !samples) throw bad('metric', 'no samples', 'samples that it is measured on');
  if (labels === undefined) return;
  const count = ((samples?.length ?? 0) / size) * rows;
  const listed = Array.isArray(labels) || (ArrayBuffer.isView(labels) && !(labels instanceof DataView));
  if (!listed) throw bad('labels', labels, 'a list of class numbers');
  if (labels.length !== count)
    throw bad('number of labels', labels.length, `one for each of ${count} samples${rows > 1 ? ', positions included' : ''}`); // prettier-ignore
  for (let i = 0; i < labels.length; i++)
    if (!(Number.isInteger(labels[i]) && labels[i]! >= 0 && labels[i]! < width))
      throw bad(`label ${i}`, labels[i], `an integer from 0 to ${width - 1}, the class numbers of the output`); // prettier-ignore
}

/** One packed model on its samples, beside its graph. */
export interface Verification {
  readonly agreement: Agreement;
  readonly samples: Samples;
  readonly want: Outputs;
  readonly got: Outputs;
  readonly spreads: Float64Array;
}

/** Outputs of a packed model on an engine. */
export async function runOn(engine: Engine, packed: PackedModel, samples: Samples): Promise<OutputArray> {
  const executable = await engine.compile(packed);
  try {
    return await executable.runAsync(samples);
  } finally {
    executable.dispose();
  }
}

const checkFinite = (outputs: ArrayLike<number>, size: number, whose: string): void => {
  for (let i = 0; i < outputs.length; i++)
    if (!Number.isFinite(outputs[i]))
      throw failure('not-finite', {
        what: `output ${i % size} of ${whose} on sample ${Math.floor(i / size)}`,
        got: outputs[i],
        expected: 'finite numbers',
        next: 'A batch norm of variance 0 without epsilon, or weights of the largest size, do this; so do samples far from the training data.',
      });
};

/** Shared by the engines of one verification. */
interface Subject {
  readonly model: tfl.LayersModel;
  readonly packed: PackedModel;
  readonly options: VerifyOptions;
  readonly spreads: Float64Array;
}

interface Judged extends Differences {
  /** Samples explained by rounding, and those that are not. */
  readonly ties: number;
  readonly wrong: number;
  readonly where?: string;
}

/** Compares one engine's outputs with the graph's, and asks for the reason where they differ. */
async function judge(
  { model, packed, options, spreads }: Subject,
  engine: Engine,
  samples: Samples,
  got: Outputs,
  want: Outputs,
): Promise<Judged> {
  const { tolerance = defaultTolerance, normalization, minAgreement = 1 } = options;
  const found = compareOutputs(got, want, spreads, tolerance);
  const apart = found.agrees.flatMap((fine, i) => (fine ? [] : [i]));
  if (apart.length <= (1 - minAgreement) * want.samples)
    return { ...found, ties: 0, wrong: apart.length };
  const { size } = inputOf(packed);
  const each = want.values.length / want.samples;
  const pick = <T extends Samples>(all: T): T => {
    const part = all.slice(0, apart.length * size) as T;
    apart.forEach((s, i) => part.set(all.subarray(s * size, (s + 1) * size), i * size));
    return part;
  };
  const chosen = pick(samples);
  const { mean = [0], std = [1] } = (chosen instanceof Uint8Array && normalization) || {};
  const { explained, where } = await explain({
    model,
    packed,
    engine,
    samples: chosen,
    values: graphInputs(packed, chosen, normalization),
    shift: Math.max(...mean.flatMap((m) => std.map((s) => Math.abs(m / s)))),
    outputs: Float64Array.from({ length: apart.length * each }, (_, i) => {
      return got.values[apart[Math.floor(i / each)]! * each + (i % each)]!;
    }),
    allowed: spreads.map((s) => tolerance * s),
  });
  const ties = explained.filter(Boolean).length;
  return { ...found, ties, wrong: apart.length - ties, ...(where !== undefined && { where }) };
}

const checkJudged = (
  { wrong, where, maxDifference, maxOutput, relativeDifference }: Judged,
  samples: number,
  engine: Engine,
  { minAgreement = 1, tolerance = defaultTolerance }: VerifyOptions,
): void => {
  if (wrong <= (1 - minAgreement) * samples) return;
  const figures = `largest difference ${maxDifference}, largest output ${maxOutput}, relative to the spread ${relativeDifference}`;
  throw failure('verification-failed', {
    what: `the packed model disagrees with the graph on engine "${engine.name}" (${figures}${where === undefined ? '' : `; first beyond rounding at ${where}`})`,
    got: (samples - wrong) / samples,
    expected: `agreement within ${tolerance} of the spread, and the same argmax of each row, on at least ${minAgreement} of ${samples} samples`,
    next: 'Report it with the model; tolerance and minAgreement accept more.',
  });
};

/** Checks accuracy and metric of outputs; gives those that were asked for. */
export function measured(
  options: VerifyOptions,
  got: Outputs,
  want: Outputs,
): Pick<Agreement, 'accuracy' | 'metric'> {
  const { labels, minAccuracy = 0, metric } = options;
  const accuracy = labels && accuracyOf(got, labels);
  if (accuracy !== undefined && accuracy < minAccuracy)
    throw failure('verification-failed', {
      what: 'accuracy of the packed model on the samples (the graph gives the same answers)',
      got: accuracy,
      expected: `at least ${minAccuracy}, minAccuracy`,
      next: 'Compare normalization and samples with what the model was trained on: bytes, scaled alike, channels in the same order.',
    });
  if (!metric) return accuracy === undefined ? {} : { accuracy };
  const of = ({ values, samples }: Outputs): number => metric.measure(Float32Array.from(values), samples);
  const both = { graph: of(want), packed: of(got) };
  if (!(both.packed >= both.graph - metric.maxLoss))
    throw failure('verification-failed', {
      what: `metric of the packed model (the graph's is ${both.graph})`,
      got: both.packed,
      expected: `at most ${metric.maxLoss} less, maxLoss`,
      next: "Use lastLayer: 'float', or allow more.",
    });
  return { ...(accuracy !== undefined && { accuracy }), metric: both };
}

const macsOf = (model: tfl.LayersModel): number => {
  const { total } = summary(model);
  return total.binaryMacs + total.floatMacs;
};

/** As {@link verifyModel}, with what was compared. */
export async function verification(
  model: tfl.LayersModel,
  packed: PackedModel,
  options: VerifyOptions,
): Promise<Verification> {
  const input = inputOf(packed);
  const { shape } = packed.plan.buffers[packed.plan.output]!;
  const width = shape.at(-1)!;
  const each = elementCount(shape);
  checkSamples(options.samples, input);
  checkLabels(options, input.size, each / width, width);
  const samples = options.samples ?? randomSamples(input, macsOf(model));
  const count = samples.length / input.size;
  const engines = [options.engine ?? jsEngine()].flat();
  const outputs = (values: ArrayLike<number>, n: number): Outputs => ({ values, samples: n, width });
  const want = graphOutputs(model, packed, samples, options.normalization);
  checkFinite(want, each, 'the graph');
  const spreads = spreadsOf(outputs(want, count));
  let first: { got: Outputs; judged: Judged } | undefined;
  for (const engine of engines) {
    const n = first ? Math.min(others, count) : count;
    const part = samples.subarray(0, n * input.size);
    const got = outputs(await runOn(engine, packed, part), n);
    checkFinite(got.values, each, `the packed model on engine "${engine.name}"`);
    const judged = await judge({ model, packed, options, spreads }, engine, part, got, outputs(want.subarray(0, n * each), n)); // prettier-ignore
    checkJudged(judged, n, engine, options);
    first ??= { got, judged };
  }
  const { got, judged } = first!;
  const { rows, sameRows, maxDifference, maxOutput, relativeDifference, ties } = judged;
  const agreement: Agreement = {
    samples: count,
    rows,
    argmax: sameRows / rows,
    maxDifference,
    maxOutput,
    relativeDifference,
    bound: options.tolerance ?? defaultTolerance,
    ties,
    engines: engines.map(({ name }) => name),
    ...measured(options, got, outputs(want, count)),
  };
  return { agreement, samples, want: outputs(want, count), got, spreads };
}

/**
 * Runs both on samples and compares: each output must be the graph's within `tolerance` of its spread, and the largest
 * output of each row at the same place. Where a sample differs by more, the graph is evaluated once more with error
 * bounds: if its own rounding is the reason the sample agrees and is counted in `ties`.
 * @param options as of `compileModel`; default samples are random, seeded: 16, more for small models
 * @throws BitgradError `verification-failed` where fewer than `minAgreement` of the samples agree (default: all), or below
 *   `minAccuracy` or the metric; `not-finite` for outputs; `invalid-option`, `shape-mismatch` for samples or labels that
 *   do not fit
 */
export async function verifyModel(
  model: tfl.LayersModel,
  packed: PackedModel,
  options: VerifyOptions = {},
): Promise<Agreement> {
  checkOptions<VerifyOptions>('compiler', 'verifyModel', options, verifyRules);
  return (await verification(model, packed, options)).agreement;
}
