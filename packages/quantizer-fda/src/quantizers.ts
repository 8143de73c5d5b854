// The quantizers of this package: fda (sign forward, Fourier backward, noise module) and fda++ (a sound soft pair).
import * as tf from '@tensorflow/tfjs-core';
import {
  BitgradError,
  defineQuantizer,
  epochProgress,
  grow,
  growingSchedule,
  kernelScaleEntries,
  mergeSchedules,
  parseOptions,
  progress,
  scaledSignPair,
  type Quantizer,
  type Schedule,
  type TrainingClock,
} from '@bitgrad/core';
import * as v from 'valibot';
import { boxedForward, boxedSurrogate } from './boxed.js';
import { seriesForward, seriesSurrogate } from './forward.js';
import { noise, noiseParameters } from './noise.js';
import { weightings } from './series.js';
import { fdaSurrogate } from './surrogate.js';

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const harmonics = v.pipe(v.number(), v.minValue(0), v.maxValue(256));
const growth = v.picklist(['constant', 'linear', 'step', 'exponential', 'cosine']);

const noiseSchema = v.strictObject({
  /** Hidden width is max(1, floor(d / k)). */
  k: v.optional(positive, 64),
  /** Factor of the shortcut sin(x). */
  c: v.optional(v.pipe(v.number(), v.finite()), 0.1),
  /** Weight of the module at the start; falls to exactly 0 on a half cosine. */
  alpha: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0)), 0.1),
  /** The module acts in the backward pass alone (the paper's Algorithm 1); false: it is added to the value (its eq. 14). */
  gradientOnly: v.optional(v.boolean(), true),
  /** Its gradient carries alpha; false, with `gradientOnly` alone: it does not, as in eqs. 15 to 17. */
  scaled: v.optional(v.boolean(), true),
  /** W1 and W2 are trained; default: where the module is added to the value, and the loss sees what it does. */
  trained: v.optional(v.boolean()),
  /** Share of training after which it is 0: what is left trains the network that is deployed. 1 in the paper. */
  until: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1)), 1),
});

const fdaSchema = v.strictObject({
  omega: v.optional(positive, 0.1),
  clip: v.optional(v.nullable(positive), 1),
  /** n at the start and at the end of training. */
  start: v.optional(harmonics, 9),
  end: v.optional(harmonics, 18),
  growth: v.optional(growth, 'linear'),
  /** n and alpha move at every step, or from epoch to epoch as in the reimplementation: n rounded down, no noise in the last. */
  by: v.optional(v.picklist(['step', 'epoch']), 'step'),
  /** omega and clip count x as it is, or in units of mean |w| of a kernel. */
  unit: v.optional(v.picklist(['one', 'mean']), 'one'),
  ...kernelScaleEntries,
  /** The noise adaptation module (true: with its defaults), or false for none. */
  noise: v.optional(v.union([v.boolean(), noiseSchema]), false),
});

/** Options of {@link fda}. */
export type FdaOptions = v.InferInput<typeof fdaSchema>;

type Module = v.InferOutput<typeof noiseSchema> & { readonly trained: boolean };

/** What the module adds to the levels, or to their gradient; at alpha = 0 the graph is that of plain FDA. */
function acting(module: Module): Pick<Quantizer, 'augment' | 'companion'> {
  const companion: NonNullable<Quantizer['companion']> = (x, context) => {
    const alpha = context.scalars.alpha ?? 0;
    return alpha === 0 ? null : tf.mul(noise(x, context, module), module.scaled ? alpha : 1);
  };
  if (module.gradientOnly) return { companion };
  return {
    augment(y, x, context) {
      const e = companion(x, context);
      return e ? tf.add(y, e) : y;
    },
  };
}

/** n from `start` to `end`, and alpha to exactly 0. */
function fdaSchedule(
  { start, end, growth: shape, by }: v.InferOutput<typeof fdaSchema>,
  module?: Module,
): Schedule {
  const n = { growth: shape, start, end };
  const alpha = module && ({ growth: 'cosine', start: module.alpha, end: 0, until: module.until } as const);
  if (by === 'step')
    return mergeSchedules(growingSchedule('n', n), ...(alpha ? [growingSchedule('alpha', alpha)] : []));
  return Object.freeze({
    options: { n, ...(alpha && { alpha }), by },
    values: (clock: TrainingClock) => ({
      n: Math.floor(grow(n, epochProgress(clock))),
      ...(alpha && { alpha: grow(alpha, epochProgress(clock, 1)) }),
    }),
  });
}

/**
 * FDA (arXiv 2103.00841): sign forward; backward the derivative of sign's Fourier series with n+1 odd harmonics, n
 * growing over training. With `noise`, the paper's noise adaptation module acts in training steps, with a weight that
 * falls to 0; it is off by default, because it makes a step several times as long (README).
 * @throws BitgradError `invalid-option`, also for a clip beyond half a period
 */
export function fda(options?: FdaOptions): Quantizer {
  const resolved = parseOptions('quantizer-fda', 'quantizer "fda"', fdaSchema, options);
  const { omega, clip, unit, start, end } = resolved;
  const given = resolved.noise === true ? v.parse(noiseSchema, {}) : resolved.noise || undefined;
  const module = given && { ...given, trained: given.trained ?? !given.gradientOnly };
  if (module && !module.scaled && !module.gradientOnly)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'quantizer-fda',
      what: 'option "noise.scaled" of quantizer "fda" where the module is added to the value',
      got: false,
      expected: 'true: what is added is alpha e, and so is its gradient',
      next: 'Set gradientOnly: true for a module whose gradient carries no alpha.',
    });
  const common = {
    name: 'fda',
    options: resolved,
    description:
      'sign forward, derivative of its Fourier series backward, with noise adaptation (FDA, arXiv 2103.00841)',
    ...scaledSignPair(resolved, fdaSurrogate({ n: Math.round(start), omega, clip, unit })),
    schedule: fdaSchedule(resolved, module),
    certificate: {
      holds: false,
      reason: 'sign is flat beside 0 where B varies, so no proximal map has this pair.',
    },
  };
  if (!module) return defineQuantizer({ ...common, capabilities: { needsClock: start !== end } });
  return defineQuantizer({
    ...common,
    capabilities: { needsClock: true, hasParameters: true },
    parameters: (site) => noiseParameters(site, module),
    ...acting(module),
  });
}

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const weighting = v.optional(v.picklist(weightings), 'fejer');
const boxedSchema = v.strictObject({
  box: v.optional(v.literal(true), true),
  weighting,
  reach: v.optional(positive, 12),
  start: v.optional(harmonics, 1),
  end: v.optional(harmonics, 8),
  growth: v.optional(growth, 'linear'),
  /** Shares of training at which hardening begins and ends; n has its last value from there on. */
  hardenFrom: v.optional(share, 0),
  hardenUntil: v.optional(share, 0.3),
});
const plainSchema = v.strictObject({
  box: v.literal(false),
  weighting,
  reach: v.optional(positive, 2),
  start: v.optional(harmonics, 1),
  end: v.optional(harmonics, 32),
  growth: v.optional(growth, 'exponential'),
});

/** Options of {@link fdaPlusPlus}. */
export type FdaPlusPlusOptions = v.InferInput<typeof boxedSchema> | v.InferInput<typeof plainSchema>;

type Boxed = v.InferOutput<typeof boxedSchema>;

/** In the whole box the derivative has to stay above 0: its first zero is at reach / (n + 1), or later. */
function checkBox({ start, end, reach, hardenFrom, hardenUntil }: Boxed): void {
  const refuse = (what: string, got: unknown, expected: string): never => {
    throw new BitgradError({ code: 'invalid-option', source: 'quantizer-fda', what, got, expected });
  };
  const least = Math.round(Math.max(start, end)) + 1;
  if (reach <= least)
    refuse('option "reach" of quantizer "fda++" with a box', reach, `more than the largest n + 1 = ${least}`);
  if (hardenFrom > hardenUntil)
    refuse('option "hardenFrom" of quantizer "fda++"', hardenFrom, `at most hardenUntil = ${hardenUntil}`);
}

/** n and rho: both have arrived at `hardenUntil`. */
function boxSchedule({ start, end, growth: shape, hardenFrom, hardenUntil }: Boxed): Schedule {
  const along = (t: number, from: number): number =>
    hardenUntil > from
      ? Math.min(1, Math.max(0, (t - from) / (hardenUntil - from)))
      : Number(t >= hardenUntil);
  return Object.freeze({
    options: { n: { growth: shape, start, end }, hardenFrom, hardenUntil },
    values: (clock: TrainingClock) => {
      const t = progress(clock);
      return { n: grow({ growth: shape, start, end }, along(t, 0)), rho: along(t, hardenFrom) };
    },
  });
}

/**
 * FDA++: the Fourier series of sign forward and its exact derivative backward, so the pair admits the decomposition of
 * ProxConnect++ (arXiv 2402.17710); n plays the part of mu: F becomes steeper as n grows.
 *
 * With `box` (default) the pair lives in a box, three times mean |w| of a kernel or 1 for inputs, and hardens to sign in
 * it: P pulls the box to its ends (see boxed.ts). With `box: false` it is the series on the whole line, P = identity and
 * T = F, and hard only as n grows without bound.
 * @param options.reach a quarter period: with a box in boxes and more than the largest n + 1; else |x| in units of the
 *   input's scale (mean |w| of a kernel, 1 for inputs) where F is saturated
 * @throws BitgradError `invalid-option`
 */
export function fdaPlusPlus(options?: FdaPlusPlusOptions): Quantizer {
  const owner = 'quantizer "fda++"';
  const common = {
    name: 'fda++',
    description:
      'Fourier series of sign forward with its own derivative backward (after arXiv 2103.00841 and 2402.17710)',
  };
  if (options?.box === false) {
    const resolved = parseOptions('quantizer-fda', owner, plainSchema, options);
    const { reach, start, end, growth: shape } = resolved;
    const pair = { n: Math.round(start), reach, weighting: resolved.weighting };
    return defineQuantizer({
      ...common,
      options: resolved,
      forward: seriesForward(pair),
      surrogate: seriesSurrogate(pair),
      schedule: growingSchedule('n', { growth: shape, start, end }),
      capabilities: { needsClock: start !== end },
      certificate: { holds: true, reason: 'B is the derivative of F: P is the identity, T = F.' },
    });
  }
  const resolved = parseOptions('quantizer-fda', owner, boxedSchema, options);
  checkBox(resolved);
  const pair = { n: Math.round(resolved.start), reach: resolved.reach, weighting: resolved.weighting };
  return defineQuantizer({
    ...common,
    options: resolved,
    forward: boxedForward(pair),
    surrogate: boxedSurrogate(pair),
    schedule: boxSchedule(resolved),
    capabilities: { needsClock: true },
    certificate: { holds: true, reason: 'P is the identity that hardens to sign in a box, T = the series.' },
  });
}
