// The FDA surrogate: the derivative of sign's truncated Fourier series, at a cost that does not depend on n.
import {
  BitgradError,
  defineSurrogate,
  E,
  parseOptions,
  told,
  type Expression,
  type SurrogateGradient,
} from '@bitgrad/core';
import * as v from 'valibot';
import { derivativeExpression } from './closed-form.js';
import { scaled, scaleStatistic, smallest } from './scale.js';
import { halfPeriod, seriesDerivative } from './series.js';

/** n of a schedule, as the whole number of harmonics beyond the first. */
export const wholeN = (n: number | undefined, fallback: number): number =>
  Math.max(0, Math.round(n ?? fallback));

/** A finite number above 0. */
export const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** Entries of the options that say which wave it is. */
export const waveEntries = {
  omega: told(positive, 0.1, 'angular frequency: the square wave has the period 2 pi over it'),
  clip: told(v.nullable(positive), 1, 'beyond it the gradient is 0; null: beyond half a period'),
  unit: told(
    v.picklist(['one', 'mean']),
    'one',
    'omega and clip count x as it is, or in units of mean |w| of a kernel',
  ),
};

const schema = v.strictObject({
  n: told(
    v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(256)),
    9,
    'harmonics beyond the first where no schedule gives them',
  ),
  ...waveEntries,
});

/** Options of {@link fdaSurrogate}. */
export type FdaSurrogateOptions = v.InferInput<typeof schema>;

/**
 * B_n(x) = (4 omega / pi) sum_{i=0..n} cos((2i+1) omega x) for |x| <= clip, else 0 (FDA, arXiv 2103.00841, eq. 7).
 * Boundaries: at |x| = clip the gradient still passes; the peak B_n(0) is 4 omega (n+1) / pi.
 * @param options.n harmonics beyond the first, a whole number from 0 to 256, when the schedule gives none
 * @param options.omega angular frequency, > 0; the square wave has period 2 pi / omega
 * @param options.clip gradients outside [-clip, clip] are 0; at most half a period, pi / omega, beyond which the series
 *   would push the other way. null clips at half a period
 * @param options.unit what omega and clip count in: 'one', or 'mean': mean |w| of a kernel (1 for inputs), u = x / mean |w|
 *   in the formula and B = B_n(u) / mean |w|
 * @throws BitgradError `invalid-option` for a clip beyond half a period
 */
export function fdaSurrogate(options?: FdaSurrogateOptions): SurrogateGradient {
  const resolved = parseOptions('quantizer-fda', 'surrogate "fda"', schema, options);
  const { omega } = resolved;
  const clip = checkClip(resolved.clip, omega, 'surrogate "fda"');
  const derivative = (u: Expression, n: number | undefined): Expression =>
    E.select(E.le(E.abs(u), clip), derivativeExpression(u, wholeN(n, resolved.n), omega, 'plain', clip), 0);
  const formula = (u: number, n: number | undefined): number =>
    Math.abs(u) <= clip ? seriesDerivative(u, wholeN(n, resolved.n), omega) : 0;
  if (resolved.unit === 'mean')
    return defineSurrogate({
      name: 'fda',
      options: resolved,
      formula: (x, { n, scale = 1 }) => (scale > smallest ? formula(x / scale, n) / scale : 0),
      expression: ({ n }) =>
        E.div(E.select(E.gt(E.input('scale'), smallest), derivative(scaled(), n), 0), E.input('scale')),
      statistics: scaleStatistic(1),
      breakpoints: ({ scale = 1 }) => [-clip * scale, clip * scale],
    });
  return defineSurrogate({
    name: 'fda',
    options: resolved,
    formula: (x, { n }) => formula(x, n),
    expression: ({ n }) => derivative(E.input('x'), n),
    breakpoints: () => [-clip, clip],
  });
}

/**
 * The clip in force: half a period where none is asked for.
 * @throws BitgradError `invalid-option` beyond half a period
 */
function checkClip(clip: number | null, omega: number, owner: string): number {
  const limit = halfPeriod(omega);
  if (clip === null) return limit;
  if (clip > limit)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'quantizer-fda',
      what: `option "clip" of ${owner} is beyond half a period, where the series has sign's copy with the other sign`,
      got: clip,
      expected: `at most pi / omega = ${limit}`,
      next: 'Lower clip or omega, or pass null to clip at half a period.',
    });
  return clip;
}
