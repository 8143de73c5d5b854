// What every forward quantizer must do.
import * as tf from '@tensorflow/tfjs-core';
import { type ForwardQuantizer, type QuantizerRole, type Scalars } from '@bitgrad/core';
import { defineCase, ensure, type ConformanceCase } from './case.js';
import { behaviourCases, type WithRuns } from './member/behaviour-cases.js';
import {
  checkAlphabet,
  checkFormula,
  checkHardFormula,
  checkHardLevels,
  checkInfinities,
  checkJumps,
  checkSoftClaim,
  runHalf,
} from './member/half-checks.js';
import { optionCases, type FactorySubject } from './member/option-cases.js';
import { checkScale } from './member/scale-check.js';
import { placesOf, plainContext, sampleTensor, type Place } from './member/sites.js';

/** A forward under test. */
export interface ForwardSubject extends FactorySubject<ForwardQuantizer> {
  /** Schedule values to try it with. Default: none, `[{}]`. */
  readonly scalars?: readonly Scalars[];
  /** Roles whose sites it is tried at. Default: both. */
  readonly roles?: readonly QuantizerRole[];
  /** Largest difference from the formula, times max(1, |value|). Default 1e-6. */
  readonly tolerance?: number;
}

type Visit = (forward: ForwardQuantizer, values: Scalars, at: readonly Place[]) => void;

const each = ({ create, options = [], scalars = [{}], roles }: ForwardSubject, visit: Visit): void => {
  const at = placesOf(roles ?? ['kernel', 'input']);
  for (const given of [undefined, ...options]) for (const values of scalars) visit(create(given), values, at);
};

const withRuns: WithRuns<ForwardSubject> = (subject, visit) =>
  each(subject, (forward, values, at) =>
    at.forEach((place) =>
      [false, true].forEach((hard) =>
        visit({
          label: `${place.label}${hard ? ', hard' : ''}`,
          place,
          run: (x) => runHalf(forward, x, plainContext(place.site, values, hard)),
        }),
      ),
    ),
  );

/** The cases of {@link testForward}. */
export const forwardCases: readonly ConformanceCase<ForwardSubject>[] = [
  defineCase('has the shape of the contract', (subject) => {
    const { kind, name, formula, expression, forward, levels } = subject.create();
    ensure(kind === 'forward', 'kind', kind, 'forward');
    ensure(/^[a-z0-9]+(-[a-z0-9]+)*\+{0,2}$/.test(name), 'name', name, 'kebab-case');
    ensure(typeof formula === 'function', 'formula', formula, 'a function');
    ensure(Boolean(expression ?? forward), 'expression and forward', undefined, 'at least one of them');
    ensure(levels.length >= 2, 'levels', levels, 'at least two');
  }),
  ...optionCases<ForwardQuantizer, ForwardSubject>(),
  defineCase('F equals its formula', (subject) => {
    each(subject, (forward, values, at) =>
      checkFormula(forward, (site) => plainContext(site, values), {
        at,
        tolerance: subject.tolerance ?? 1e-6,
      }),
    );
  }),
  defineCase('hard F equals its formula', (subject) => {
    each(subject, (forward, values, at) =>
      checkHardFormula(forward, (site) => plainContext(site, values), {
        at,
        tolerance: subject.tolerance ?? 1e-6,
      }),
    );
  }),
  defineCase('hard F gives levels', (subject) => {
    each(subject, (forward, values, at) =>
      checkHardLevels(forward, (site) => plainContext(site, values), { at, tolerance: 0 }),
    );
  }),
  defineCase('F gives levels in training unless it says soft', (subject) => {
    each(subject, (forward, values, at) =>
      checkSoftClaim(forward, (site) => plainContext(site, values), { at, tolerance: 0 }),
    );
  }),
  defineCase('has the levels of its alphabet', (subject) => {
    each(subject, (forward) => checkAlphabet(forward));
  }),
  defineCase('F is a number at the infinities', (subject) => {
    each(subject, (forward, values) => checkInfinities(forward, (site) => plainContext(site, values)));
  }),
  defineCase('declares the jumps of F', (subject) => {
    each(subject, (forward, values) => checkJumps(forward, values));
  }),
  defineCase('has a scale that is not negative and broadcasts', (subject) => {
    each(subject, (forward, values, at) =>
      at.forEach((place) =>
        tf.tidy(() => checkScale(forward, sampleTensor(place), plainContext(place.site, values), place)),
      ),
    );
  }),
  ...behaviourCases(withRuns),
];
