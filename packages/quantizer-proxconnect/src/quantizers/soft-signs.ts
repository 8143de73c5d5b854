// The "++" pairs: a soft sign forward with its own derivative backward (arXiv 2402.17710), and how they become hard.
//
// In a box of one unit, F = T o P and B = T' o P with T(p) = curve(mu p) / curve(mu) and P the box map of shift rho:
// at rho = 0 P is the identity and the pair is the paper's; rho then grows to 1, where P is sign in the box, F is exactly
// sign, and B is constant in the box. Every step on the way is sound, and nothing is left to harden at the end.
import {
  defineQuantizer,
  grow,
  parseOptions,
  told,
  progress,
  type ForwardQuantizer,
  type JsonObject,
  type Quantizer,
  type Scalars,
  type Schedule,
  type SurrogateGradient,
  type TrainingClock,
} from '@bitgrad/core';
import * as v from 'valibot';
import { boxMap, identityMap } from '../maps.js';
import { quadratic, signSwish, tanh, type SoftSign } from '../math/curves.js';
import { unitEntries } from '../scale.js';
import type { UnitOptions } from '@bitgrad/certificate';
import { muAt, muEntries, muMoves, muSchedule, type MuOptions } from '../schedule.js';
import { composeForward, composeSurrogate, type Composition } from '@bitgrad/certificate';
import { softSignTransform } from '../transforms.js';

/** Options of `bnn++`, `ede++`, `tanh++` and `poly++`. */
export interface SoftSignOptions extends Partial<UnitOptions>, Partial<MuOptions> {
  /**
   * True (default): the pair lives in a box of one unit and hardens to sign in it. False: the pair as published, on the
   * whole line, F(x) = curve(mu x / unit), and hard only as mu grows without bound.
   */
  readonly box?: boolean;
  /** Share of training at which hardening begins, with a box. */
  readonly hardenFrom?: number;
  /** Share of training from which F is exactly sign, with a box. */
  readonly hardenUntil?: number;
}

/** One member of the family. */
interface Family {
  readonly name: string;
  readonly curve: CurveName;
  readonly paper: string;
  /** With a box, mu stays at or below this: the slope of the curve at the box's end has to stay above 0. */
  readonly largestMu: number;
  readonly boxed: MuOptions;
  readonly published: MuOptions;
}

const boxText = 'the pair lives in a box and hardens to sign in it; false: as published, on the whole line';

/** Scales the box of kernels: 3 mean |w| holds nearly all weights. */
const boxUnits: Partial<UnitOptions> = { kernelScale: 3 };

function resolve(family: Family, options: unknown) {
  const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
  const common = { box: told(v.boolean(), true, boxText) };
  const boxed = (options as SoftSignOptions | undefined)?.box !== false;
  const limit = v.pipe(v.number(), v.gtValue(0), v.maxValue(family.largestMu));
  const schema = boxed
    ? v.strictObject({
        ...common,
        ...muEntries(family.boxed, limit, ['linear', 'exponential']),
        hardenFrom: told(
          share,
          0,
          'share of training at which hardening begins, in a box; at most hardenUntil',
        ),
        hardenUntil: told(share, 0.3, 'share of training from which F is exactly sign, in a box'),
        ...unitEntries(boxUnits),
      })
    : v.strictObject({ ...common, ...muEntries(family.published), ...unitEntries() });
  const owner = `quantizer "${family.name}"${boxed ? ' with a box' : ''}`;
  const resolved = parseOptions('quantizer-proxconnect', owner, schema, options) as Required<SoftSignOptions>;
  if (boxed) {
    const begin = v.pipe(v.number(), v.maxValue(resolved.hardenUntil));
    parseOptions('quantizer-proxconnect', owner, v.object({ hardenFrom: begin }), resolved);
  }
  return { resolved, boxed };
}

/** mu, and with a box rho: 0 until `hardenFrom`, 1 from `hardenUntil`. */
function boxSchedule(options: Required<SoftSignOptions>): Schedule {
  const { growth, muStart, muEnd, muUntil, hardenFrom, hardenUntil } = options;
  const mu = muSchedule({ growth, muStart, muEnd, muUntil });
  return Object.freeze({
    options: { ...mu.options, hardenFrom, hardenUntil } as JsonObject,
    values: (clock: TrainingClock) => {
      const t = progress(clock);
      const width = hardenUntil - hardenFrom;
      const done = width > 0 ? (t - hardenFrom) / width : Number(t >= hardenUntil);
      return {
        mu: muAt(options, clock),
        rho: grow({ growth: 'linear', start: 0, end: 1 }, done),
      };
    },
  });
}

/** The curves by name; `gain` is the amplitude on the whole line by mu, 1 where it is missing. */
const curves = {
  'sign-swish': { curve: signSwish },
  tanh: { curve: tanh },
  ede: { curve: tanh, gain: (t: number) => Math.max(1 / t, 1) },
  quadratic: { curve: quadratic },
} satisfies Record<string, { curve: SoftSign; gain?: (mu: number) => number }>;

/** A curve by name. */
export type CurveName = keyof typeof curves;

/** Options of the forward `soft-sign` and the surrogate `soft-sign-slope`, which read the scalars mu and rho. */
export interface SoftSignHalfOptions extends Partial<UnitOptions> {
  /** Default 'tanh'. */
  readonly curve?: CurveName;
  /** Whether the pair lives in a box of one unit. Default true. */
  readonly box?: boolean;
}

const muOf = ({ mu = 1 }: Scalars) => mu;
const rhoOf = ({ rho = 0 }: Scalars) => rho;

/** P, T and the unit of P in a box. */
function boxedParts(curve: SoftSign): Pick<Composition, 'proximal' | 'transform' | 'gain'> {
  const transform = softSignTransform(curve, { steepness: muOf, edge: () => 1 });
  return {
    proximal: boxMap(1, (scalars) => ({ rho: rhoOf(scalars), varrho: rhoOf(scalars) })),
    transform,
    // 1 / the mean of T' o P over the box: B keeps its size while the pair hardens. Adam remembers the size of past
    // gradients for thousands of steps, and would all but stop if B shrank.
    gain: (scalars) => {
      const rho = rhoOf(scalars);
      const mean = 1 - transform.value(Math.min(1, rho), scalars) + rho * transform.slope(1, scalars);
      return 1 / Math.max(mean, 1e-6);
    },
  };
}

/** P and T on the whole line. */
function publishedParts(
  curve: SoftSign,
  gain: (mu: number) => number,
): Pick<Composition, 'proximal' | 'transform'> {
  const transform = softSignTransform(curve, {
    steepness: muOf,
    edge: () => Infinity,
    gain: (scalars) => gain(muOf(scalars)),
  });
  return { proximal: identityMap, transform };
}

function composition(owner: string, options: SoftSignHalfOptions): Composition {
  const resolved = parseOptions(
    'quantizer-proxconnect',
    owner,
    v.strictObject({
      curve: told(v.picklist(['sign-swish', 'tanh', 'ede', 'quadratic']), 'tanh', 'the soft sign'),
      box: told(v.boolean(), true, boxText),
      ...unitEntries(options.box === false ? {} : boxUnits),
    }),
    options,
  );
  const { curve, gain = () => 1 }: { curve: SoftSign; gain?: (mu: number) => number } =
    curves[resolved.curve];
  return {
    forwardName: 'soft-sign',
    surrogateName: 'soft-sign-slope',
    options: resolved as unknown as JsonObject,
    levels: [-1, 1],
    unit: resolved,
    ...(resolved.box ? boxedParts(curve) : publishedParts(curve, gain)),
  };
}

/**
 * F = T o P of a soft sign; mu is its steepness, rho how far it has hardened in its box.
 * @throws BitgradError `invalid-option`
 */
export const softSignForward = (options: SoftSignHalfOptions = {}): ForwardQuantizer =>
  composeForward(composition('forward "soft-sign"', options));

/**
 * B = T' o P of a soft sign; in a box it is scaled to a mean of 1 over the box.
 * @throws BitgradError `invalid-option`
 */
export const softSignSlopeSurrogate = (options: SoftSignHalfOptions = {}): SurrogateGradient =>
  composeSurrogate(composition('surrogate "soft-sign-slope"', options));

function softSignQuantizer(family: Family, options: unknown): Quantizer {
  const { resolved, boxed } = resolve(family, options);
  const { kernelUnit, kernelScale, inputUnit, inputScale } = resolved;
  const { growth, muStart, muEnd, muUntil } = resolved;
  const half = { curve: family.curve, box: boxed, kernelUnit, kernelScale, inputUnit, inputScale };
  return defineQuantizer({
    name: family.name,
    options: resolved as unknown as JsonObject,
    description: `${family.curve} forward with its own derivative backward (${family.paper})`,
    forward: softSignForward(half),
    surrogate: softSignSlopeSurrogate(half),
    schedule: boxed ? boxSchedule(resolved) : muSchedule({ growth, muStart, muEnd, muUntil }),
    capabilities: { needsClock: boxed || muMoves(resolved) },
    certificate: {
      holds: true,
      reason: boxed
        ? `P is the identity that hardens to sign in a box, T = ${family.curve}.`
        : `P = identity, T = ${family.curve}.`,
    },
  });
}

const published = (muStart: number, muEnd: number): MuOptions => ({
  growth: 'exponential',
  muStart,
  muEnd,
  muUntil: 1,
});
const boxed = (muStart: number, muEnd: number): MuOptions => ({
  growth: 'exponential',
  muStart,
  muEnd,
  muUntil: 0.3,
});

/**
 * BNN++: F = SS, B = SS' (arXiv 2402.17710), SS the SignSwish of arXiv 1812.11800.
 * @throws BitgradError `invalid-option`
 */
export const bnnPlusPlus = (options?: SoftSignOptions): Quantizer =>
  softSignQuantizer(
    {
      name: 'bnn++',
      curve: 'sign-swish',
      paper: 'arXiv 2402.17710',
      largestMu: 2.3,
      boxed: boxed(1, 2),
      published: published(1, 100),
    },
    options,
  );

/**
 * EDE++: F = k tanh(t x), B = F' with t = mu and k = max(1 / t, 1) on the whole line (backward of arXiv 1909.10788).
 * @throws BitgradError `invalid-option`
 */
export const edePlusPlus = (options?: SoftSignOptions): Quantizer =>
  softSignQuantizer(
    {
      name: 'ede++',
      curve: 'ede',
      paper: 'after arXiv 1909.10788',
      largestMu: 4,
      boxed: boxed(0.1, 2),
      published: published(0.1, 10),
    },
    options,
  );

/**
 * tanh++: F = tanh(mu x), B = F'.
 * @throws BitgradError `invalid-option`
 */
export const tanhPlusPlus = (options?: SoftSignOptions): Quantizer =>
  softSignQuantizer(
    {
      name: 'tanh++',
      curve: 'tanh',
      paper: 'after arXiv 2402.17710',
      largestMu: 4,
      boxed: boxed(1, 2),
      published: published(1, 100),
    },
    options,
  );

/**
 * poly++: F(u) = u (2 - |u|) up to +-1, B = F' = 2 - 2|u| (backward of arXiv 1808.00278).
 * @throws BitgradError `invalid-option`
 */
export const polyPlusPlus = (options?: SoftSignOptions): Quantizer =>
  softSignQuantizer(
    {
      name: 'poly++',
      curve: 'quadratic',
      paper: 'after arXiv 1808.00278',
      largestMu: 0.9,
      boxed: boxed(0.4, 0.8),
      published: published(1, 100),
    },
    options,
  );
