// New quantizers from a proximal map and a transform: sound by construction, and certified when they are made.
import {
  BitgradError,
  checkOptions,
  constantSchedule,
  defineQuantizer,
  initialClock,
  option,
  type JsonObject,
  type OptionRules,
  type Quantizer,
  type QuantizerRole,
  type Scalars,
  type Schedule,
} from '@bitgrad/core';
import { certify, type Certificate, type CertifyOptions } from '../certify/certify.js';
import { jumpsOf } from '../prox.js';
import { ascending, proximalMap, schedule as scheduleRule, transform as transformRule } from '../rules.js';
import { noUnit, type UnitOptions } from '../unit.js';
import { composeForward, composeSurrogate, type Composition } from './compose.js';
import type { ProximalMap, Transform } from '../parts.js';

/** What to make a quantizer of. */
export interface Synthesis {
  readonly proximal: ProximalMap;
  readonly transform: Transform;
  /** Name of the quantizer. Default 'synthesized'. */
  readonly name?: string;
  /** JSON options that rebuild it in a factory of yours; kept as they are. Default: none. */
  readonly options?: JsonObject;
  /** Ascending levels of deployment. Default -1 and 1. */
  readonly levels?: readonly number[];
  /** In units: where one level ends and the next begins. Default: the midpoints of the levels. */
  readonly limits?: readonly number[];
  /** Units of x by role. Default: 1 for both. */
  readonly unit?: UnitOptions;
  /** Gives the scalars that P and T use. Default: none. */
  readonly schedule?: Schedule;
  readonly roles?: readonly QuantizerRole[];
  readonly description?: string;
  /** Largest |x| in units of the tables for parts without expressions. Default 8. */
  readonly reach?: number;
  /** How to certify it. */
  readonly certify?: CertifyOptions;
}

/** A quantizer that was certified when it was made. */
export interface SynthesizedQuantizer extends Quantizer {
  readonly proof: Certificate;
}

const unitKind = option.oneOf('one', 'mean-abs', 'fan');

const rules: OptionRules<Synthesis> = {
  proximal: option.required(proximalMap),
  transform: option.required(transformRule),
  name: option.string,
  options: option.object,
  levels: ascending(2),
  limits: ascending(1),
  unit: option.inside({
    kernelUnit: option.required(unitKind),
    kernelScale: option.required(option.positive),
    inputUnit: option.required(unitKind),
    inputScale: option.required(option.positive),
  }),
  schedule: scheduleRule,
  roles: option.list(option.oneOf('kernel', 'input'), 1),
  description: option.string,
  reach: option.positive,
  certify: option.object,
};

const fail = (name: string, what: string, got: unknown, expected: string, next?: string): never => {
  throw new BitgradError({
    code: 'invalid-option',
    source: 'certificate',
    what: `${what} of synthesized quantizer "${name}"`,
    got,
    expected,
    next,
  });
};

/**
 * Makes the quantizer F = T o P, B = T' o P (arXiv 2402.17710). P and T in plain Math are enough; with expressions they
 * run fused, without them from a table (linear interpolation of 4097 points over `reach`, jumps exact).
 * @returns a quantizer like any other, with its certificate as `proof`
 * @throws BitgradError `invalid-option` for options, when P decreases somewhere or T' is not the derivative of T;
 *   `verification-failed` when the certificate fails
 */
export function synthesize(synthesis: Synthesis): SynthesizedQuantizer {
  checkOptions('certificate', 'synthesize', synthesis, rules);
  checkLimits(synthesis);
  const { name = 'synthesized', levels = [-1, 1], unit = noUnit, schedule = constantSchedule() } = synthesis;
  const proximal = withJumps(synthesis.proximal, synthesis.reach ?? 8);
  const { transform } = synthesis;
  const scalars = schedule.values({ ...initialClock, totalSteps: 2, step: 1, learningRateSum: 1 });
  const range = synthesis.certify?.range ?? [-4, 4];
  checkMonotone(name, proximal, scalars, range);
  checkSlope(name, proximal, transform, scalars, range);
  const options = synthesis.options ?? {};
  const parts: Composition = {
    ...synthesis,
    forwardName: name,
    surrogateName: name,
    options,
    proximal,
    transform,
    levels,
    unit,
  };
  const quantizer = defineQuantizer({
    name,
    options,
    description:
      synthesis.description ?? `F = T o P, B = T' o P with P = ${proximal.name}, T = ${transform.name}`,
    forward: composeForward(parts),
    surrogate: composeSurrogate(parts),
    schedule,
    capabilities: {
      needsClock: Object.keys(schedule.options).length > 0,
      ...(synthesis.roles ? { roles: synthesis.roles } : {}),
    },
    certificate: {
      holds: true,
      reason: `Synthesized from the proximal map ${proximal.name} and the transform ${transform.name}.`,
    },
  });
  const proof = certify(quantizer, synthesis.certify);
  if (!proof.holds)
    throw new BitgradError({
      code: 'verification-failed',
      source: 'certificate',
      what: `certificate of synthesized quantizer "${name}"`,
      got: proof.violations[0]!.explanation,
      expected: 'a pair that certifies',
      next: 'Declare the jumps of P and the kinks of T, or raise `certify.tolerance` where P is computed roughly.',
    });
  return Object.freeze({ ...quantizer, proof });
}

/** One limit between each two levels. */
function checkLimits({ name = 'synthesized', levels = [-1, 1], limits }: Synthesis): void {
  if (limits && limits.length !== levels.length - 1)
    fail(
      name,
      'option "limits"',
      limits,
      `${levels.length - 1}, one between each two of ${levels.length} levels`,
    );
}

/** Declares the jumps of a map that declares none, so that tables and certificates meet them exactly. */
const withJumps = (proximal: ProximalMap, reach: number): ProximalMap =>
  proximal.jumps || proximal.expression
    ? proximal
    : { ...proximal, jumps: (scalars) => jumpsOf((w) => proximal.value(w, scalars), -reach, reach) };

const grid = ([a, b]: readonly [number, number], n: number): number[] =>
  Array.from({ length: n + 1 }, (_, i) => a + ((b - a) * i) / n);

function checkMonotone(
  name: string,
  proximal: ProximalMap,
  scalars: Scalars,
  range: readonly [number, number],
): void {
  const points = grid(range, 2000);
  const values = points.map((w) => proximal.value(w, scalars));
  const at = values.findIndex((v, i) => !Number.isFinite(v) || (i > 0 && v < values[i - 1]! - 1e-6));
  if (at >= 0)
    fail(
      name,
      'proximal map',
      `P(${points[at]}) = ${values[at]}${at > 0 ? ` after ${values[at - 1]}` : ''}`,
      'a nondecreasing, finite function: nothing else is proximal in one dimension',
    );
}

/** T' against central differences of T over the values of P, away from declared kinks. */
function checkSlope(
  name: string,
  proximal: ProximalMap,
  transform: Transform,
  scalars: Scalars,
  range: readonly [number, number],
): void {
  const kinks = transform.breakpoints?.(scalars) ?? [];
  const h = 1e-5;
  for (const w of grid(range, 97)) {
    const p = proximal.value(w, scalars);
    if (kinks.some((k) => Math.abs(k - p) < 2 * h)) continue;
    const slope = transform.slope(p, scalars);
    const difference = (transform.value(p + h, scalars) - transform.value(p - h, scalars)) / (2 * h);
    const size = Math.max(1, Math.abs(slope), Math.abs(difference));
    if (!(Math.abs(slope - difference) <= 1e-3 * size))
      fail(
        name,
        `slope of the transform at ${p}`,
        slope,
        `the derivative of its value, ${difference}`,
        'List kinks in `breakpoints`.',
      );
  }
}
