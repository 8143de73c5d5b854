// The "++" of any surrogate: the forward whose derivative it is, so that both ends of the network agree.
import {
  binarySign,
  BitgradError,
  checkOptions,
  checkValue,
  constantSchedule,
  option,
  type ForwardQuantizer,
  type OptionRules,
  type Scalars,
  type Schedule,
  type SurrogateGradient,
  defineForward,
  defineQuantizer,
} from '@bitgrad/core';
import * as tf from '@tensorflow/tfjs-core';
import { certify, type CertifyOptions } from '../certify/certify.js';
import { sampleCells } from '../certify/cells.js';
import { schedule as scheduleRule, surrogate as surrogateRule } from '../rules.js';
import { lookUp, tabulate } from './tabulate.js';
import type { SynthesizedQuantizer } from './synthesize.js';

/** How to match a surrogate. */
export interface MatchOptions {
  /** Name of the quantizer. Default: the surrogate's with ++. */
  readonly name?: string;
  /** Gives the surrogate's scalars. Default: none. */
  readonly schedule?: Schedule;
  /** B is integrated over [-range, range], and has to be 0 (to 1e-3 of its maximum) at the ends. Default 4. */
  readonly range?: number;
  readonly certify?: CertifyOptions;
}

const rules: OptionRules<MatchOptions> = {
  name: option.string,
  schedule: scheduleRule,
  range: option.positive,
  certify: option.object,
};

/** An antiderivative that goes from -1 to 1, as cubic Hermite pieces. */
interface Integral {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Slopes at the left and the right end of each piece. */
  readonly left: Float64Array;
  readonly right: Float64Array;
}

const fail = (surrogate: SurrogateGradient, got: unknown, expected: string, next?: string): never => {
  throw new BitgradError({
    code: 'incompatible',
    source: 'certificate',
    what: `surrogate "${surrogate.name}" cannot be matched by a forward`,
    got,
    expected,
    next,
  });
};

/** The normalized antiderivative of B at given scalars. */
function integrate(surrogate: SurrogateGradient, scalars: Scalars, range: number): Integral {
  const B = (x: number) => surrogate.formula(x, scalars);
  const special = surrogate.breakpoints?.(scalars) ?? [];
  const { cells, maxB } = sampleCells({ F: () => 0, B, special }, { range: [-range, range] });
  if (Math.max(Math.abs(B(-range)), Math.abs(B(range))) > 1e-3 * maxB)
    fail(
      surrogate,
      { [`B(${range})`]: B(range) },
      'a backward that vanishes at the ends of its range: its integral must come to rest at the levels',
      'Clip it, or give a wider `range`.',
    );
  const x = Float64Array.from([-range, ...cells.map(({ b }) => b)]);
  const y = new Float64Array(x.length);
  cells.forEach(({ a, b, Ba, Bm, Bb }, i) => {
    y[i + 1] = y[i]! + ((b - a) * (Ba + 4 * Bm + Bb)) / 6;
  });
  const total = y.at(-1)!;
  if (!(total > 0)) fail(surrogate, { integral: total }, 'a backward with a positive integral');
  const scale = 2 / total;
  return {
    x,
    y: y.map((value) => value * scale - 1),
    left: Float64Array.from(cells, ({ Ba }) => Ba * scale),
    right: Float64Array.from(cells, ({ Bb }) => Bb * scale),
  };
}

function evaluate({ x, y, left, right }: Integral, at: number): number {
  if (Number.isNaN(at)) return NaN;
  if (at <= x[0]!) return -1;
  if (at >= x.at(-1)!) return 1;
  let [low, high] = [0, x.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle]! <= at) low = middle;
    else high = middle;
  }
  const h = x[low + 1]! - x[low]!;
  const t = (at - x[low]!) / h;
  const [y0, y1, m0, m1] = [y[low]!, y[low + 1]!, left[low]! * h, right[low]! * h];
  return y0 + t * (m0 + t * (3 * (y1 - y0) - 2 * m0 - m1 + t * (2 * (y0 - y1) + m0 + m1)));
}

/** Keeps the integral of the scalars asked for last: a pure function, computed once a step. */
function lastIntegral(surrogate: SurrogateGradient, range: number): (scalars: Scalars) => Integral {
  let last: { key: string; integral: Integral } | undefined;
  return (scalars) => {
    const key = JSON.stringify(scalars);
    if (last?.key !== key) last = { key, integral: integrate(surrogate, scalars, range) };
    return last.integral;
  };
}

/** The forward whose derivative is a multiple of the surrogate, from -1 to 1. */
export function matchedForward(surrogate: SurrogateGradient, range = 4): ForwardQuantizer {
  const owner = 'certificate';
  checkValue(owner, 'surrogate given to matchedForward', surrogate, option.required(surrogateRule));
  checkValue(owner, 'range given to matchedForward', range, option.positive);
  if (surrogate.statistics)
    fail(
      surrogate,
      'statistics of x',
      'a surrogate of x and scalars alone: its integral must be one function',
    );
  const integral = lastIntegral(surrogate, range);
  const formula = (x: number, scalars: Scalars) => evaluate(integral(scalars), x);
  const special = (scalars: Scalars) => [...(surrogate.breakpoints?.(scalars) ?? []), -range, range];
  return defineForward({
    name: `integral-of-${surrogate.name.replace(/\++$/, '')}`,
    options: { range },
    alphabet: 'pm1',
    levels: [-1, 1],
    soft: true,
    formula,
    hardFormula: binarySign,
    forward: (x, { scalars }) =>
      tf.tidy(() =>
        lookUp(
          tabulate((u) => formula(u, scalars), [], range, 8193),
          x,
          'hold',
        ),
      ),
    harden: (x) => tf.tidy(() => tf.sub(tf.mul(tf.cast(tf.greaterEqual(x, 0), 'float32'), 2), 1)),
    breakpoints: special,
  });
}

/**
 * The "++" of a surrogate: B stays, and F becomes its integral, normalized to go from -1 to 1 (arXiv 2402.17710: P is
 * the identity up to a factor, T the integral).
 * @returns a quantizer like any other, with its certificate as `proof`
 * @throws BitgradError `incompatible` when B does not vanish at the ends of the range, has no positive integral, or
 *   depends on statistics of x; `verification-failed` when the certificate fails
 */
export function match(surrogate: SurrogateGradient, options: MatchOptions = {}): SynthesizedQuantizer {
  checkValue('certificate', 'surrogate given to match', surrogate, option.required(surrogateRule));
  checkOptions('certificate', 'match', options, rules);
  const { schedule = constantSchedule(), range = 4 } = options;
  const name = options.name ?? `${surrogate.name.replace(/\++$/, '')}++`;
  const quantizer = defineQuantizer({
    name,
    options: {},
    description: `${surrogate.name} with its integral as forward`,
    forward: matchedForward(surrogate, range),
    surrogate,
    schedule,
    capabilities: { needsClock: Object.keys(schedule.options).length > 0 },
    certificate: { holds: true, reason: 'P is the identity up to a factor, T the integral of B.' },
  });
  const proof = certify(quantizer, { range: [-range, range], ...options.certify });
  if (!proof.holds)
    throw new BitgradError({
      code: 'verification-failed',
      source: 'certificate',
      what: `certificate of "${name}", the match of surrogate "${surrogate.name}"`,
      got: proof.violations[0]!.explanation,
      expected: 'a pair that certifies',
      next: 'Declare the breakpoints of the surrogate.',
    });
  return Object.freeze({ ...quantizer, proof });
}
