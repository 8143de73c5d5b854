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
  told,
  type Quantizer,
  type Schedule,
  type TrainingClock,
} from '@bitgrad/core';
import * as v from 'valibot';
import { boxedForward, boxedSurrogate } from './boxed.js';
import { seriesForward, seriesSurrogate } from './forward.js';
import { noise, noiseParameters } from './noise.js';
import { weightings } from './series.js';
import { fdaSurrogate, positive, waveEntries } from './surrogate.js';

const harmonics = v.pipe(v.number(), v.minValue(0), v.maxValue(256));
const growth = v.picklist(['constant', 'linear', 'step', 'exponential', 'cosine']);
const words = {
  start: 'harmonics beyond the first at the start of training',
  end: 'harmonics beyond the first at the end of training',
  growth: 'how the number of harmonics grows',
};

const noiseSchema = v.strictObject({
  k: told(positive, 64, 'hidden width is the number of inputs over k, at least 1'),
  c: told(v.pipe(v.number(), v.finite()), 0.1, 'factor of the shortcut sin(x)'),
  alpha: told(
    v.pipe(v.number(), v.finite(), v.minValue(0)),
    0.1,
    'weight of the module at the start; falls to 0 on a half cosine',
  ),
  gradientOnly: told(
    v.boolean(),
    true,
    "the module acts in the backward pass alone (the paper's Algorithm 1); false: it is added to the value (its eq. 14)",
  ),
  scaled: told(
    v.boolean(),
    true,
    'its gradient carries alpha; false, with gradientOnly alone: it does not, as in eqs. 15 to 17',
  ),
  trained: v.optional(
    v.pipe(
      v.boolean(),
      v.description(
        'its weights are trained; else: where it is added to the value, and the loss sees what it does',
      ),
    ),
  ),
  until: told(
    v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
    1,
    'share of training after which it is 0: what is left trains the network that is deployed',
  ),
});

const fdaSchema = v.strictObject({
  ...waveEntries,
  start: told(harmonics, 9, words.start),
  end: told(harmonics, 18, words.end),
  growth: told(growth, 'linear', words.growth),
  by: told(
    v.picklist(['step', 'epoch']),
    'step',
    'n and alpha move at every step, or from epoch to epoch: n rounded down, no noise in the last',
  ),
  ...kernelScaleEntries,
  noise: told(
    v.union([v.boolean(), noiseSchema]),
    false,
    'the noise adaptation module (true: with its defaults), or none',
  ),
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
const weighting = told(
  v.picklist(weightings),
  'fejer',
  'factors of the harmonics, which keep the series from overshooting',
);
const box = 'the pair lives in a box and hardens to sign in it; false: the series on the whole line';
const reach = 'a quarter period, in boxes: more than the largest n + 1; without a box in units of the input';
const boxedSchema = v.strictObject({
  box: told(v.literal(true), true, box),
  weighting,
  reach: told(positive, 12, reach),
  start: told(harmonics, 1, words.start),
  end: told(harmonics, 8, words.end),
  growth: told(growth, 'linear', words.growth),
  hardenFrom: told(share, 0, 'share of training at which hardening begins; at most hardenUntil'),
  hardenUntil: told(
    share,
    0.3,
    'share of training at which hardening ends; n has its last value from there on',
  ),
});
const plainSchema = v.strictObject({
  box: v.pipe(v.literal(false), v.description(box)),
  weighting,
  reach: told(positive, 2, reach),
  start: told(harmonics, 1, words.start),
  end: told(harmonics, 32, words.end),
  growth: told(growth, 'exponential', words.growth),
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
