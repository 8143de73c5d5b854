// Compares a packed model, on the engines that will run it, with the hardened training graph.
import type * as tfl from '@tensorflow/tfjs-layers';
import { checkOptions, failureOf } from '@bitgrad/core';
import { summary } from '@bitgrad/layers';
import { elementCount, jsEngine, type Engine, type OutputArray, type PackedModel } from '@bitgrad/runtime';
import {
  accuracyOf,
  allowedBy,
  compareOutputs,
  scaleOf,
  type Differences,
  type Outputs,
  type Scale,
} from './packing/differences.js';
import { checkPair, graphInputs, graphOutputs, inputOf } from './graph-outputs.js';
import { explain } from './rounding.js';
import { checkSamples, randomSamples, type Samples } from './samples.js';
import {
  checkLabels,
  defaultTolerance,
  verifyRules,
  type Agreement,
  type VerifyOptions,
} from './verify-options.js';

const failure = failureOf('compiler');

/** Samples that engines after the first run. */
const others = 64;

/** One packed model on its samples, beside its graph. */
export interface Verification {
  readonly agreement: Agreement;
  readonly samples: Samples;
  readonly want: Outputs;
  readonly got: Outputs;
  readonly scale: Scale;
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
  readonly scale: Scale;
}

interface Judged extends Differences {
  /** Samples whose signs rounding explains, and samples that are not explained. */
  readonly ties: number;
  readonly wrong: number;
  readonly where?: string;
}

/** Compares one engine's outputs with the graph's, and asks for the reason where they differ. */
async function judge(
  { model, packed, options, scale }: Subject,
  engine: Engine,
  samples: Samples,
  got: Outputs,
  want: Outputs,
): Promise<Judged> {
  const { tolerance = defaultTolerance, normalization, minAgreement = 1 } = options;
  const found = compareOutputs(got, want, scale, tolerance);
  const apart = found.agrees.flatMap((fine, i) => (fine ? [] : [i]));
  if (apart.length <= (1 - minAgreement) * want.samples) return { ...found, ties: 0, wrong: apart.length };
  const { size } = inputOf(packed);
  const each = want.values.length / want.samples;
  const pick = <T extends Samples>(all: T): T => {
    const part = all.slice(0, apart.length * size) as T;
    apart.forEach((s, i) => part.set(all.subarray(s * size, (s + 1) * size), i * size));
    return part;
  };
  const rowsOf = ({ values }: Outputs): Float32Array =>
    Float32Array.from({ length: apart.length * each }, (_, i) => {
      return values[apart[Math.floor(i / each)]! * each + (i % each)]!;
    });
  const chosen = pick(samples);
  const { explained, tied, where } = await explain({
    model,
    packed,
    engine,
    samples: chosen,
    values: graphInputs(packed, chosen, normalization),
    normalization,
    outputs: rowsOf(got),
    wanted: rowsOf(want),
    most: (1 - minAgreement) * want.samples,
    allowed: allowedBy(scale, tolerance),
  });
  const fine = explained.filter(Boolean).length;
  const ties = explained.filter((ok, i) => ok && tied[i]).length;
  return { ...found, ties, wrong: apart.length - fine, ...(where !== undefined && { where }) };
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

const macsOf = (model: tfl.LayersModel, { plan }: PackedModel): number => {
  const { total } = summary(model, { inputShape: plan.buffers[plan.input]!.shape });
  return (total.binaryMacs ?? Infinity) + (total.floatMacs ?? Infinity);
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
  const samples = options.samples ?? randomSamples(input, macsOf(model, packed));
  const count = samples.length / input.size;
  const engines = [options.engine ?? jsEngine()].flat();
  const outputs = (values: ArrayLike<number>, n: number): Outputs => ({ values, samples: n, width });
  const want = graphOutputs(model, packed, samples, options.normalization);
  checkFinite(want, each, 'the graph');
  const scale = scaleOf(outputs(want, count));
  let first: { got: Outputs; judged: Judged } | undefined;
  for (const engine of engines) {
    const n = first ? Math.min(others, count) : count;
    const part = samples.subarray(0, n * input.size);
    const got = outputs(await runOn(engine, packed, part), n);
    checkFinite(got.values, each, `the packed model on engine "${engine.name}"`);
    const judged = await judge({ model, packed, options, scale }, engine, part, got, outputs(want.subarray(0, n * each), n)); // prettier-ignore
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
  return { agreement, samples, want: outputs(want, count), got, scale };
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
  checkPair('verifyModel', model, packed);
  checkOptions<VerifyOptions>('compiler', 'verifyModel', options, verifyRules);
  return (await verification(model, packed, options)).agreement;
}
