// What a verification takes and what it tells.
import { failureOf, option } from '@bitgrad/core';
import type { Engine, InputNormalization } from '@bitgrad/runtime';
import type { Samples } from './samples.js';

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
  /**
   * What `relativeDifference` may be on a sample without further evidence, the option `tolerance`. Sixteen roundings of the
   * output's size are allowed besides: an output that hardly varies may have a larger `relativeDifference` and agree.
   */
  readonly bound: number;
  /**
   * Samples beyond the bound for a reason that is no mistake: a sum lies within its float32 rounding error of a
   * threshold, often exactly on it, and the graph's rounding decided the sign otherwise than the packed model.
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
    failureOf('compiler')('invalid-option', { what, got, expected });
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
