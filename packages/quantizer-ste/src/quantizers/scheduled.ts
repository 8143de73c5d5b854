// Surrogates that sharpen over training: EDE, IR-Net as a whole, and ReSTE.
import {
  defineQuantizer,
  grow,
  growingSchedule,
  progress,
  type Quantizer,
  type Schedule,
  told,
} from '@bitgrad/core';
import * as v from 'valibot';
import { signForward } from '../forwards/sign.js';
import {
  standardizedSignForward,
  standardizedSignSchema,
  type StandardizedSignOptions,
} from '../forwards/standardized-sign.js';
import { positive, resolve } from '../options.js';
import { edeSurrogate } from '../surrogates/ede.js';
import { resteSurrogate } from '../surrogates/reste.js';
import { flatForward } from './shaped.js';

/** Options of {@link ede}. */
export interface EdeOptions {
  /** t at the first step, above 0. Default 0.1: nearly the identity. */
  readonly start?: number;
  /** t at the end of training, above 0. Default 10: nearly the derivative of sign. */
  readonly end?: number;
}

/** Options of {@link libra}. */
export interface LibraOptions extends EdeOptions, StandardizedSignOptions {}

/** Options of {@link reste}. */
export interface ResteOptions {
  /** o at the end of training, at least 1; it grows linearly from 1. Default 3. */
  readonly end?: number;
  /** Beyond this magnitude the gradient is cancelled; above m. Default 1.5. */
  readonly t?: number;
  /** Up to this magnitude the slope is replaced by a finite difference; above 0. Default 0.1. */
  readonly m?: number;
}

declare module '@bitgrad/core' {
  interface QuantizerOptionsMap {
    ede: EdeOptions;
    libra: LibraOptions;
    reste: ResteOptions;
  }
}

const edeEntries = {
  start: told(positive, 0.1, 'steepness t at the first step'),
  end: told(positive, 10, 'steepness t at the end of training'),
};
const edeSchema = v.strictObject(edeEntries);
const libraSchema = v.strictObject({ ...edeEntries, ...standardizedSignSchema.entries });

/** t = start (end/start)^progress and k = max(1/t, 1): IR-Net, eq. 15-16. */
function edeSchedule({ start, end }: Required<EdeOptions>): Schedule {
  const growth = { growth: 'exponential', start, end } as const;
  return Object.freeze({
    options: { t: growth, k: 'max(1/t, 1)' },
    values(clock) {
      const t = grow(growth, progress(clock));
      return { t, k: Math.max(1 / t, 1) };
    },
  } satisfies Schedule);
}

/**
 * F = sign, B = EDE: k t (1 - tanh(t x)^2) with t from `start` to `end` exponentially over training, k = max(1/t, 1).
 * Without a clock of known length t stays at `start`.
 * @throws BitgradError `invalid-option` unless start and end are finite numbers above 0
 * @see Qin et al., IR-Net, arXiv 1909.10788, eq. 13-16
 */
export function ede(options?: EdeOptions): Quantizer {
  const resolved = resolve('quantizer "ede"', edeSchema, options);
  return defineQuantizer({
    name: 'ede',
    options: resolved,
    description: 'sign forward, tanh derivative that sharpens over training (IR-Net, arXiv 1909.10788)',
    forward: signForward(),
    surrogate: edeSurrogate({ t: resolved.start }),
    schedule: edeSchedule(resolved),
    capabilities: { needsClock: true },
    certificate: flatForward,
  });
}

/**
 * IR-Net as a whole: kernels are standardized per channel before sign (Libra), inputs are not; B = EDE for both.
 * @throws BitgradError `invalid-option` unless start and end are above 0 and powerOfTwoScale is true or false
 * @see Qin et al., IR-Net, arXiv 1909.10788
 */
export function libra(options?: LibraOptions): Quantizer {
  const resolved = resolve('quantizer "libra"', libraSchema, options);
  const { start, end, powerOfTwoScale } = resolved;
  return defineQuantizer({
    name: 'libra',
    options: resolved,
    description: 'sign of standardized weights with the EDE gradient (IR-Net, arXiv 1909.10788)',
    forward: standardizedSignForward({ powerOfTwoScale }),
    surrogate: edeSurrogate({ t: start }),
    schedule: edeSchedule({ start, end }),
    capabilities: { needsClock: true },
    certificate: flatForward,
  });
}

/**
 * F = sign, B = the bounded slope of |x|^(1/o), with o from 1 to `end` linearly over training. The authors also
 * standardize the weights: `{ forward: 'standardized-sign', surrogate: 'reste' }` does, without the schedule.
 * @throws BitgradError `invalid-option` unless end >= 1 and t > m > 0
 * @see Wu et al., ReSTE, arXiv 2308.06689
 */
export function reste(options?: ResteOptions): Quantizer {
  const schema = v.strictObject({
    end: told(
      v.pipe(v.number(), v.finite(), v.minValue(1)),
      3,
      'inverse exponent o at the end of training; it grows from 1',
    ),
    t: told(v.number(), 1.5, 'beyond this magnitude the gradient is cancelled; above m'),
    m: told(v.number(), 0.1, 'up to this magnitude the slope is a finite difference; above 0'),
  });
  const resolved = resolve('quantizer "reste"', schema, options);
  const { end, t, m } = resolved;
  return defineQuantizer({
    name: 'reste',
    options: resolved,
    description: 'sign forward, slope of |x|^(1/o) with growing o backward (ReSTE, arXiv 2308.06689)',
    forward: signForward(),
    surrogate: resteSurrogate({ t, m }),
    schedule: growingSchedule('o', { growth: 'linear', start: 1, end }),
    capabilities: { needsClock: true },
    certificate:
      end > 1
        ? { holds: false, reason: 'sign is flat beside 0 where B varies once o > 1.' }
        : { holds: true, reason: 'at o = 1 B is the clipped identity.' },
  });
}
