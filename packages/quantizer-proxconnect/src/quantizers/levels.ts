// The halves of ProxConnect and its relatives: the forward L(rho, varrho) and the identity backward.
import * as tf from '@tensorflow/tfjs-core';
import {
  defineForward,
  defineSurrogate,
  E,
  parseOptions,
  told,
  type ForwardQuantizer,
  type JsonObject,
  type Scalars,
  type SurrogateGradient,
} from '@bitgrad/core';
import * as v from 'valibot';
import { levelMap } from '../maps.js';
import type { Shifts } from '../math/piecewise-linear.js';
import { unitEntries } from '../scale.js';
import { unitOf, unitStatistic, type UnitOptions } from '@bitgrad/certificate';
import { composeForward } from '@bitgrad/certificate';
import { identityTransform } from '../transforms.js';

/** A level set: {-1, 1}, {-1, 0, 1}, or any ascending numbers. */
export type LevelSet = 'binary' | 'ternary' | readonly number[];

/** Resolves a level set. */
const levelsOf = (levels: LevelSet): number[] =>
  levels === 'binary' ? [-1, 1] : levels === 'ternary' ? [-1, 0, 1] : [...levels];

/** Schema of {@link LevelSet}. */
const levelSchema = v.union([
  v.picklist(['binary', 'ternary']),
  v.pipe(
    v.array(v.pipe(v.number(), v.finite())),
    v.minLength(2),
    v.check((q) => q.every((x, i) => i === 0 || x > q[i - 1]!), 'ascending levels'),
  ),
]);

/** A rate at which a shift grows with mu. */
export const rate = v.pipe(v.number(), v.finite(), v.minValue(0));

/** Entries of what the map L takes. */
export const mapEntries = {
  levels: told(levelSchema, 'binary', 'the levels that L takes values to'),
  rho: told(rate, 1, 'horizontal shift of L a unit of mu'),
  varrho: told(rate, 1, 'vertical shift of L a unit of mu'),
};

/** Options of the forward L. */
export interface PiecewiseLinearOptions extends Partial<UnitOptions> {
  /** Levels. Default 'binary'. */
  readonly levels?: LevelSet;
  /** Horizontal shift a unit of mu, at least 0. Default 1. */
  readonly rho?: number;
  /** Vertical shift a unit of mu, at least 0. Default 1. */
  readonly varrho?: number;
}

/** The shifts at a value of mu; mu = 1 where no schedule gives one. */
const shiftsAt = ({ rho, varrho }: Shifts, { mu = 1 }: Scalars): Shifts => ({
  rho: rho * mu,
  varrho: varrho * mu,
});

const forwardSchema = (defaults: Partial<UnitOptions> = {}) =>
  v.strictObject({
    ...mapEntries,
    ...unitEntries(defaults),
  });

/**
 * F(x) = L(x / unit; rho mu, varrho mu), the piecewise linear proximal quantizer (arXiv 2110.13220), for any levels.
 * mu = 0 clips to the levels' range; a shift of half the distance of the levels makes F the nearest level.
 * @throws BitgradError `invalid-option`
 */
export function piecewiseLinearForward(options: PiecewiseLinearOptions = {}): ForwardQuantizer {
  const resolved = parseOptions(
    'quantizer-proxconnect',
    'forward "piecewise-linear"',
    forwardSchema(),
    options,
  );
  const levels = levelsOf(resolved.levels);
  return composeForward({
    forwardName: 'piecewise-linear',
    surrogateName: 'none',
    options: resolved as unknown as JsonObject,
    proximal: levelMap(levels, (scalars) => shiftsAt(resolved, scalars)),
    transform: identityTransform,
    levels,
    unit: resolved,
  });
}

/** Where the gradient passes. */
export type PassOptions = Partial<UnitOptions> & {
  /** Levels that the forward has. Default 'binary'. */
  readonly levels?: LevelSet;
  /**
   * 'identity': B = 1 everywhere; 'clipped': B = 1 between the outermost levels and 0 beyond; 'auto' (default): identity
   * for kernels, clipped for layer inputs, where the identity costs accuracy.
   */
  readonly backward?: 'auto' | 'identity' | 'clipped';
};

/** Schema entry of `backward`. */
export const backwardEntry = told(
  v.picklist(['auto', 'identity', 'clipped']),
  'auto',
  'where the gradient passes; auto: everywhere for kernels, between the outermost levels for inputs',
);

/**
 * B(x) = 1, or 1 between the outermost levels and 0 beyond. By role in 'auto': the statistic `unbounded` is 1 where the
 * identity is used (the default in `formula`) and 0 where the gradient is clipped.
 * @throws BitgradError `invalid-option`
 */
export function levelPassSurrogate(options: PassOptions = {}): SurrogateGradient {
  const schema = v.strictObject({
    levels: mapEntries.levels,
    backward: backwardEntry,
    ...unitEntries(),
  });
  const resolved = parseOptions('quantizer-proxconnect', 'surrogate "level-pass"', schema, options);
  const levels = levelsOf(resolved.levels);
  const [low, high] = [levels[0]!, levels.at(-1)!];
  const { backward } = resolved;
  const always = backward === 'identity';
  return defineSurrogate({
    name: 'level-pass',
    options: resolved as unknown as JsonObject,
    formula: (x, scalars) => {
      const u = x / unitOf(scalars);
      const unbounded = always || (backward === 'auto' && (scalars.unbounded ?? 1) !== 0);
      return unbounded || (u >= low && u <= high) ? 1 : 0;
    },
    expression: () => {
      if (always) return E.constant(1);
      const u = E.div(E.input('x'), E.input('scale'));
      const inside = E.mul(E.ge(u, low), E.le(u, high));
      return backward === 'auto' ? E.max(E.input('unbounded'), inside) : inside;
    },
    statistics: (x, context) => ({
      ...(always ? {} : unitStatistic(resolved, x, context)),
      ...(backward === 'auto' ? { unbounded: tf.scalar(context.site.role === 'kernel' ? 1 : 0) } : {}),
    }),
    breakpoints: (scalars) => (always ? [] : [low, high].map((u) => u * unitOf(scalars))),
  });
}

/** Options of the forward `pulled`. */
export interface PulledOptions extends PiecewiseLinearOptions {
  /**
   * What the network sees of a kernel: 'pulled', P of it; 'latent', the kernel itself in units, as reverse ProxConnect
   * and ProxQuant, whose P acts in the optimizer step alone. Default 'pulled'.
   */
  readonly kernels?: 'pulled' | 'latent';
}

/** The unit of kernels that P pulls a little in each step: a few optimizer steps wide. */
export const pulledUnits: Partial<UnitOptions> = { kernelUnit: 'fan', kernelScale: 0.2 };

/**
 * The forward of the methods whose P acts in each optimizer step. Kernels: L(x / unit) with the shifts of one step,
 * `rho` and `varrho` times the scalar `pull`, or x / unit; layer inputs: L(x / unit) with shifts times mu, as
 * ProxConnect. The statistic `latent` is 1 for kernels (the default in `formula`) and 0 for inputs.
 * @throws BitgradError `invalid-option`
 */
export function pulledForward(options: PulledOptions = {}): ForwardQuantizer {
  const resolved = parseOptions(
    'quantizer-proxconnect',
    'forward "pulled"',
    v.strictObject({
      ...forwardSchema(pulledUnits).entries,
      kernels: told(
        v.picklist(['pulled', 'latent']),
        'pulled',
        'what the network sees of a kernel: P of it, or the kernel itself in units',
      ),
    }),
    options,
  );
  const { kernels, ...inputs } = resolved;
  const quantized = piecewiseLinearForward(inputs);
  const pulled = (scalars: Scalars): Scalars => ({ ...scalars, mu: scalars.pull ?? 0 });
  const isKernel = (scalars: Scalars) => (scalars.latent ?? 1) !== 0;
  const declared =
    <T>(of: (scalars: Scalars) => readonly T[]) =>
    (scalars: Scalars): readonly T[] =>
      !isKernel(scalars) ? of(scalars) : kernels === 'latent' ? [] : of(pulled(scalars));
  return defineForward({
    ...quantized,
    name: 'pulled',
    options: resolved as unknown as JsonObject,
    soft: true,
    formula: (x, scalars) => {
      if (!isKernel(scalars)) return quantized.formula(x, scalars);
      return kernels === 'latent' ? x / unitOf(scalars) : quantized.formula(x, pulled(scalars));
    },
    expression: (scalars) =>
      E.select(
        E.input('latent'),
        kernels === 'latent' ? E.div(E.input('x'), E.input('scale')) : quantized.expression!(pulled(scalars)),
        quantized.expression!(scalars),
      ),
    statistics: (x, context) => ({
      ...unitStatistic(resolved, x, context),
      latent: tf.scalar(context.site.role === 'kernel' ? 1 : 0),
    }),
    jumps: declared(quantized.jumps!),
    breakpoints: declared(quantized.breakpoints!),
  });
}
