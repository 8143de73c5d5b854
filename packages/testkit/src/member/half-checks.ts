// Checks of a forward or a surrogate on trials; the suites of halves and of whole quantizers share them.
import * as tf from '@tensorflow/tfjs-core';
import {
  backwardValue,
  forwardValue,
  type ForwardQuantizer,
  type QuantizeContext,
  type Scalars,
  type SurrogateGradient,
} from '@bitgrad/core';
import { ensure } from '../case.js';
import { findJumps } from './discontinuities.js';
import { compareWithFormula, trialsOf, valuesOf, type ContextAt, type Trial } from './trial.js';
import type { Place } from './sites.js';

type Half = ForwardQuantizer | SurrogateGradient;

/** Options of the checks on trials. */
export interface TrialOptions {
  readonly at?: readonly Place[];
  readonly tolerance: number;
}

/** Training code of a half equals `formula`. */
export function checkFormula(half: Half, contextAt: ContextAt, { at, tolerance }: TrialOptions): void {
  for (const trial of trialsOf(half, contextAt, { at }))
    compareWithFormula('value', half, (x, scalars) => half.formula(x, scalars), trial, tolerance);
}

/** Hard code of a forward equals `hardFormula`, or `formula` without one. */
export function checkHardFormula(
  forward: ForwardQuantizer,
  contextAt: ContextAt,
  { at, tolerance }: TrialOptions,
): void {
  const formula = (x: number, scalars: Scalars) =>
    (forward.hardFormula ?? forward.formula).call(forward, x, scalars);
  for (const trial of trialsOf(forward, hardAt(contextAt), { at }))
    compareWithFormula('hard value', forward, formula, trial, tolerance);
}

/** The same contexts, hard. */
const hardAt =
  (contextAt: ContextAt): ContextAt =>
  (site) => ({ ...contextAt(site), hard: true });

const requireLevels = (forward: ForwardQuantizer, trial: Trial, what: string): void => {
  const levels = forward.levels.map(Math.fround);
  valuesOf(forward, trial).forEach((value, i) => {
    // Whole levels are exact; the others carry the rounding of a division.
    const known = levels.some((level) =>
      Number.isInteger(level) ? value === level : Math.abs(value - level) <= 1e-6,
    );
    ensure(
      known,
      `${what} of forward "${forward.name}" at x = ${trial.grid.stored[i]} (${trial.label})`,
      value,
      `one of the levels ${forward.levels.join(', ')}`,
    );
  });
};

/** Hard values are levels. */
export function checkHardLevels(forward: ForwardQuantizer, contextAt: ContextAt, { at }: TrialOptions): void {
  for (const trial of trialsOf(forward, hardAt(contextAt), { at }))
    requireLevels(forward, trial, 'hard value');
}

/** A forward that does not say `soft` gives levels in training too. */
export function checkSoftClaim(forward: ForwardQuantizer, contextAt: ContextAt, { at }: TrialOptions): void {
  if (forward.soft) return;
  for (const trial of trialsOf(forward, contextAt, { at }))
    requireLevels(forward, trial, 'value in training (soft is false)');
}

const alphabets: Record<string, readonly number[] | undefined> = {
  pm1: [-1, 1],
  'zero-one': [0, 1],
  ternary: [-1, 0, 1],
};

/** Levels ascend and are those of the alphabet. */
export function checkAlphabet(forward: ForwardQuantizer): void {
  const { levels, alphabet, name } = forward;
  const ascending = levels.every((level, i) => Number.isFinite(level) && (i === 0 || level > levels[i - 1]!));
  ensure(ascending, `levels of forward "${name}"`, levels, 'finite numbers, ascending');
  const fixed = alphabets[alphabet];
  if (alphabet !== 'k-bit' || fixed)
    ensure(
      fixed?.join() === levels.join(),
      `levels of forward "${name}" with alphabet "${alphabet}"`,
      levels,
      fixed?.join(', ') ?? 'pm1, zero-one, ternary or k-bit',
    );
}

/** Not a number only where the input is none: the infinities have values. */
export function checkInfinities(half: Half, contextAt: ContextAt): void {
  if (half.statistics) return;
  for (const trial of trialsOf(half, contextAt))
    valuesOf(half, trial).forEach((value, i) =>
      ensure(
        !Number.isNaN(value),
        `value of ${half.kind} "${half.name}" at x = ${trial.grid.stored[i]}`,
        value,
        'a number',
      ),
    );
}

/** One run of a half on a tensor: the value F(x), or dy B(x). */
export const runHalf = (half: Half, x: tf.Tensor, context: QuantizeContext): tf.Tensor =>
  half.kind === 'forward'
    ? forwardValue(half, x, context)
    : tf.tidy(() => backwardValue(half, x, tf.onesLike(x), context));

/** Every jump of F is declared where it is, with its limits, and no other. */
export function checkJumps(forward: ForwardQuantizer, scalars: Scalars): void {
  const declared = forward.jumps?.(scalars) ?? [];
  const f = (x: number) => forward.formula(x, scalars);
  const near = (a: number, b: number) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a));
  for (const { at, from, to } of findJumps(f))
    ensure(
      declared.some((jump) => near(jump.at, at) && near(jump.from, from) && near(jump.to, to)),
      `jumps of forward "${forward.name}"`,
      declared,
      `one at ${at} from ${from} to ${to}`,
    );
  declared.forEach((jump, i) => {
    const step = 1e-7 * Math.max(1, Math.abs(jump.at));
    const [left, right] = [f(jump.at - step), f(jump.at + step)];
    const real =
      Math.abs(left - jump.from) < 1e-4 && Math.abs(right - jump.to) < 1e-4 && jump.from !== jump.to;
    ensure(real, `jump ${i} of forward "${forward.name}"`, jump, `a jump from ${left} to ${right}`);
    ensure(
      i === 0 || jump.at > declared[i - 1]!.at,
      `jumps of forward "${forward.name}"`,
      declared,
      'ascending',
    );
  });
}

/** Every jump of B is among the declared breakpoints. */
export function checkBreakpoints(surrogate: SurrogateGradient, scalars: Scalars): void {
  const declared = surrogate.breakpoints?.(scalars) ?? [];
  for (const { at } of findJumps((x) => surrogate.formula(x, scalars)))
    ensure(
      declared.some((point) => Math.abs(point - at) <= 1e-6 * Math.max(1, Math.abs(at))),
      `breakpoints of surrogate "${surrogate.name}"`,
      declared,
      `one at ${at}, where B jumps`,
    );
}
