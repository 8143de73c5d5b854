// What can be certified, and at which scalars: a registered quantizer, two halves, or two plain functions.
import {
  BitgradError,
  checkOptions,
  initialClock,
  inputsOf,
  option,
  type ForwardQuantizer,
  type OptionRules,
  type Quantizer,
  type Scalars,
  type Schedule,
  type SurrogateGradient,
} from '@bitgrad/core';
import type { ScalarPair } from './cells.js';

/** Two plain functions of x. */
export interface PlainPair {
  readonly F: (x: number, scalars: Scalars) => number;
  readonly B: (x: number, scalars: Scalars) => number;
  /** Points where F or B jumps, so that they are found exactly; others are found by bisection. */
  readonly special?: readonly number[];
  readonly name?: string;
}

/** A forward and a surrogate, with or without a schedule: every `Quantizer` is one. */
export interface HalvesPair {
  readonly forward: ForwardQuantizer;
  readonly surrogate: SurrogateGradient;
  readonly schedule?: Schedule;
  readonly name?: string;
}

/** Anything that {@link certify} takes. */
export type CertifiablePair = Quantizer | HalvesPair | PlainPair;

/** Where on its schedule a pair is certified. */
export interface PositionOptions {
  /** Values of the scalar `mu`, over those of the schedule at the start of training. */
  readonly mu?: readonly number[];
  /** Shares of training at which the schedule is read. Default 0, 0.25, 0.5, 0.75, 1. */
  readonly progress?: readonly number[];
  /** Scalars given outright, over everything else. */
  readonly scalars?: readonly Scalars[];
  /** Values of statistics and other inputs of the formulas. Default: 1 each. */
  readonly statistics?: Scalars;
}

const plainRules: OptionRules<PlainPair> = {
  F: option.required(option.callback),
  B: option.required(option.callback),
  special: option.list(option.number()),
  name: option.string,
};

/** @throws BitgradError `invalid-option` for what is not a pair */
export function checkPair(pair: unknown): asserts pair is CertifiablePair {
  const { forward, surrogate, F, B } = (pair ?? {}) as Partial<HalvesPair & PlainPair>;
  const halves = [forward, surrogate].every((half) => typeof half?.formula === 'function');
  if (halves) return;
  if (typeof F !== 'function' || typeof B !== 'function')
    throw new BitgradError({
      code: 'invalid-option',
      source: 'certificate',
      what: 'the pair to certify',
      got: pair,
      expected:
        'a quantizer, { forward, surrogate } as made by defineForward and defineSurrogate, or functions F and B',
      next: 'registry.quantizer(name) makes a quantizer of its name.',
    });
  checkOptions('certificate', 'the pair to certify', pair as PlainPair, plainRules);
}

const isHalves = (pair: CertifiablePair): pair is HalvesPair => 'forward' in pair && 'surrogate' in pair;

/** The name to show for a pair. */
export const pairName = (pair: CertifiablePair): string =>
  pair.name ?? (isHalves(pair) ? `${pair.forward.name} with ${pair.surrogate.name}` : 'the pair');

/** A run of 1000 steps with learning rate 0.01, so that schedules by the sum of learning rates move too. */
const clockAt = (share: number) => {
  const step = Math.round(share * 1000);
  return {
    ...initialClock,
    totalSteps: 1000,
    step,
    epoch: Math.floor(share * 10),
    learningRate: 0.01,
    learningRateSum: step * 0.01,
  };
};

/** A setting: all inputs of the formulas, and those among them that are not statistics at their default. */
export interface Setting {
  readonly scalars: Scalars;
  readonly settings: Scalars;
}

/** The settings at which to certify, without repetition. */
export function positionsOf(pair: CertifiablePair, options: PositionOptions): Setting[] {
  const { mu, scalars } = options;
  const progress = options.progress ?? [0, 0.25, 0.5, 0.75, 1];
  const schedule = isHalves(pair) ? pair.schedule : undefined;
  if (mu && schedule && !('mu' in schedule.values(initialClock)) && Object.keys(schedule.options).length > 0)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'certificate',
      what: `option "mu" for ${pairName(pair)}, whose schedule has no scalar mu`,
      got: mu,
      expected: `its scalars ${Object.keys(schedule.values(initialClock)).join(', ')}`,
      next: 'Give `scalars` or `progress` instead.',
    });
  const scheduled = schedule ? progress.map((t) => schedule.values(clockAt(t))) : [{}];
  const base: Scalars[] = scalars
    ? scalars.map((s) => ({ ...scheduled[0], ...s }))
    : mu
      ? mu.map((value) => ({ ...scheduled[0], mu: value }))
      : scheduled;
  const inputs = new Set(base.flatMap((s) => (isHalves(pair) ? inputNames(pair, s) : [])));
  const ones = Object.fromEntries([...inputs].map((name) => [name, 1]));
  const all = base.map((s) => ({ ...s, ...options.statistics }));
  const seen = new Set<string>();
  return all
    .filter((s) => !seen.has(JSON.stringify(s)) && seen.add(JSON.stringify(s)))
    .map((settings) => ({ scalars: { ...ones, ...settings }, settings }));
}

/** Inputs of the expressions beside x: the statistics. */
const inputNames = ({ forward, surrogate }: HalvesPair, scalars: Scalars): string[] =>
  [forward, surrogate]
    .flatMap((half) => (half.expression ? inputsOf(half.expression(scalars)) : []))
    .filter((name) => name !== 'x');

/** The pair in plain Math at given scalars, with the points its halves declare. */
export function scalarPair(pair: CertifiablePair, scalars: Scalars): ScalarPair {
  if (!isHalves(pair))
    return { F: (x) => pair.F(x, scalars), B: (x) => pair.B(x, scalars), special: pair.special ?? [] };
  const { forward, surrogate } = pair;
  const special = [
    ...(forward.jumps?.(scalars).map(({ at }) => at) ?? []),
    ...(forward.breakpoints?.(scalars) ?? []),
    ...(surrogate.breakpoints?.(scalars) ?? []),
  ];
  return { F: (x) => forward.formula(x, scalars), B: (x) => surrogate.formula(x, scalars), special };
}
