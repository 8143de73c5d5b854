// What every quantizer must do, with its halves, its schedule and its learned tensors.
import {
  quantize,
  quantizeContext,
  sampleSurrogate,
  type Quantizer,
  type TrainingClock,
} from '@bitgrad/core';
import * as tf from '@tensorflow/tfjs-core';
import { defineCase, ensure, type ConformanceCase } from './case.js';
import { agrees, expectClose } from './compare.js';
import { behaviourCases, type WithRuns } from './member/behaviour-cases.js';
import { checkChain } from './member/chain.js';
import { checkDegenerate } from './member/degenerate.js';
import * as half from './member/half-checks.js';
import { optionCases, type FactorySubject } from './member/option-cases.js';
import { checkScale } from './member/scale-check.js';
import * as schedule from './member/schedule-checks.js';
import { clocks, placesOf, sampleParameters, sampleTensor } from './member/sites.js';
import type { ContextAt } from './member/trial.js';

/** What is known of a quantizer beside its own claims. */
export interface ExpectedQuantizer {
  readonly name?: string;
  readonly levels?: readonly number[];
  /** Whether the certificate claim holds; `null`: there is none. */
  readonly certificate?: boolean | null;
  /** [x, F(x), B(x)] by the paper, at the start of the schedule. */
  readonly points?: readonly (readonly [x: number, forward: number, backward: number])[];
}

/** A quantizer under test. */
export interface QuantizerSubject extends FactorySubject<Quantizer> {
  readonly expected?: ExpectedQuantizer;
  /** Largest difference from the formulas, times max(1, |value|). Default 1e-6. */
  readonly tolerance?: number;
}

type Visit = (quantizer: Quantizer, clock: TrainingClock, contextAt: ContextAt) => void;

const each = ({ create, options = [] }: QuantizerSubject, visit: Visit): void => {
  for (const given of [undefined, ...options]) {
    const quantizer = create(given);
    for (const clock of quantizer.capabilities.needsClock ? clocks : clocks.slice(0, 1))
      visit(quantizer, clock, (site) => quantizeContext(quantizer, { site, clock }));
  }
};

const modes = [
  { training: false, hard: false },
  { training: true, hard: false },
  { training: false, hard: true },
];

/** One clock and two sets of options are enough here: shapes, leaks and chance do not hide behind others. */
const withRuns: WithRuns<QuantizerSubject> = ({ create, options = [] }, visit) => {
  const clock = clocks[2]!;
  for (const quantizer of [undefined, ...options.slice(0, 1)].map((given) => create(given))) {
    for (const place of placesOf(quantizer.capabilities.roles)) {
      const { site } = place;
      const parameters = sampleParameters(quantizer, site);
      const label = `${place.label}, step ${clock.step} of ${clock.totalSteps}`;
      for (const mode of modes)
        visit({
          label: `${label}${mode.training ? ', training' : ''}${mode.hard ? ', hard' : ''}`,
          place,
          run: (x) => quantize(quantizer, x, { site, clock, parameters, ...mode }),
        });
      visit({
        label: `${label}, gradient`,
        place,
        run: (x) => tf.grad((t) => tf.sum(quantize(quantizer, t, { site, clock, parameters })))(x),
      });
      Object.values(parameters).forEach((t) => t.dispose());
    }
  }
};

const rolesAt = (quantizer: Quantizer) => placesOf(quantizer.capabilities.roles);

const contractCases: ConformanceCase<QuantizerSubject>[] = [
  defineCase('has the shape of the contract', (subject) => {
    const { kind, name, description, forward, surrogate, schedule: growth } = subject.create();
    ensure(kind === 'quantizer', 'kind', kind, 'quantizer');
    ensure(/^[a-z0-9]+(-[a-z0-9]+)*\+{0,2}$/.test(name), 'name', name, 'kebab-case');
    ensure(description.trim() !== '', 'description', description, 'one sentence');
    ensure(forward.kind === 'forward' && surrogate.kind === 'surrogate', 'halves', [
      forward.kind,
      surrogate.kind,
    ]);
    ensure(typeof growth.values === 'function', 'schedule', growth, 'an object with values(clock)');
  }),
  defineCase('says where it may be used', (subject) => {
    const { roles } = subject.create().capabilities;
    const known = roles.every((role) => role === 'kernel' || role === 'input');
    ensure(
      known && roles.length > 0 && new Set(roles).size === roles.length,
      'roles',
      roles,
      'kernel, input or both',
    );
  }),
  defineCase('gives the reason of its certificate claim', (subject) => {
    each(subject, ({ certificate }) =>
      ensure(
        !certificate || (typeof certificate.holds === 'boolean' && certificate.reason.trim() !== ''),
        'certificate',
        certificate,
        'holds and a reason',
      ),
    );
  }),
  ...optionCases<Quantizer, QuantizerSubject>(),
];

const valueCases: ConformanceCase<QuantizerSubject>[] = [
  defineCase('F equals its formula', (subject) => {
    each(subject, (quantizer, _clock, contextAt) =>
      half.checkFormula(quantizer.forward, contextAt, {
        at: rolesAt(quantizer),
        tolerance: subject.tolerance ?? 1e-6,
      }),
    );
  }),
  defineCase('hard F equals its formula', (subject) => {
    each(subject, (quantizer, _clock, contextAt) =>
      half.checkHardFormula(quantizer.forward, contextAt, {
        at: rolesAt(quantizer),
        tolerance: subject.tolerance ?? 1e-6,
      }),
    );
  }),
  defineCase('hard F gives levels', (subject) => {
    each(subject, (quantizer, _clock, contextAt) =>
      half.checkHardLevels(quantizer.forward, contextAt, { at: rolesAt(quantizer), tolerance: 0 }),
    );
  }),
  defineCase('F gives levels in training unless it says soft', (subject) => {
    each(subject, (quantizer, _clock, contextAt) =>
      half.checkSoftClaim(quantizer.forward, contextAt, { at: rolesAt(quantizer), tolerance: 0 }),
    );
  }),
  defineCase('has the levels of its alphabet', (subject) => {
    each(subject, ({ forward }) => half.checkAlphabet(forward));
  }),
  defineCase('declares the jumps of F', (subject) => {
    each(subject, ({ forward, schedule: growth }, clock) => half.checkJumps(forward, growth.values(clock)));
  }),
  defineCase('F is a number at the infinities', (subject) => {
    each(subject, ({ forward }, _clock, contextAt) => half.checkInfinities(forward, contextAt));
  }),
  defineCase('B equals its formula', (subject) => {
    each(subject, (quantizer, _clock, contextAt) =>
      half.checkFormula(quantizer.surrogate, contextAt, {
        at: rolesAt(quantizer),
        tolerance: subject.tolerance ?? 1e-6,
      }),
    );
  }),
  defineCase('declares where B jumps', (subject) => {
    each(subject, ({ surrogate, schedule: growth }, clock) =>
      half.checkBreakpoints(surrogate, growth.values(clock)),
    );
  }),
  defineCase('B is a number at the infinities', (subject) => {
    each(subject, ({ surrogate }, _clock, contextAt) => half.checkInfinities(surrogate, contextAt));
  }),
  defineCase('value and gradient of the whole equal the formulas', (subject) => {
    each(subject, (quantizer, clock) =>
      rolesAt(quantizer).forEach((place) => checkChain(quantizer, place, clock, subject.tolerance ?? 1e-6)),
    );
  }),
  defineCase('has a scale that is not negative and broadcasts', (subject) => {
    each(subject, (quantizer, clock) =>
      rolesAt(quantizer).forEach((place) =>
        tf.tidy(() => {
          const parameters = sampleParameters(quantizer, place.site);
          const context = quantizeContext(quantizer, { site: place.site, clock, parameters });
          const x = sampleTensor(place);
          checkScale(quantizer.forward, quantizer.forward.prepare?.(x, context) ?? x, context, place);
        }),
      ),
    );
  }),
  defineCase('divides by nothing that vanishes', (subject) => {
    each(subject, (quantizer, clock) =>
      rolesAt(quantizer)
        .filter(({ site }) => site.role === 'kernel')
        .forEach((place) => checkDegenerate(quantizer, place, clock)),
    );
  }),
  defineCase('hardened values do not depend on the clock', (subject) => {
    const { create, options = [] } = subject;
    for (const quantizer of [undefined, ...options].map((given) => create(given)))
      for (const place of rolesAt(quantizer))
        tf.tidy(() => {
          const { site } = place;
          const parameters = sampleParameters(quantizer, site);
          const x = sampleTensor(place);
          const [first, ...others] = clocks.map((clock) =>
            quantize(quantizer, x, { site, clock, parameters, hard: true }).dataSync(),
          );
          for (const other of others)
            expectClose(`hardened values at another clock (${place.label})`, other, first!, 0);
        });
  }),
];

const expectedCase = defineCase<QuantizerSubject>(
  'is what the test expects',
  ({ create, expected = {}, tolerance = 1e-6 }) => {
    const { name, forward, surrogate, schedule: growth, certificate } = create();
    const scalars = growth.values(clocks[0]!);
    ensure(expected.name === undefined || expected.name === name, 'name', name, expected.name);
    ensure(
      !expected.levels || expected.levels.join() === forward.levels.join(),
      'levels',
      forward.levels,
      expected.levels?.join(', '),
    );
    if (expected.certificate !== undefined)
      ensure(
        (certificate?.holds ?? null) === expected.certificate,
        'certificate claim',
        certificate?.holds,
        String(expected.certificate),
      );
    for (const [x, f, b] of expected.points ?? []) {
      const [gotF, gotB] = [forward.formula(x, scalars), sampleSurrogate(surrogate, [x], scalars)[0]!];
      ensure(agrees(gotF, f, tolerance), `F(${x})`, gotF, String(f));
      ensure(agrees(gotB, b, tolerance), `B(${x})`, gotB, String(b));
    }
  },
);

const stateCases: ConformanceCase<QuantizerSubject>[] = [
  defineCase('has a schedule that is a pure function of the clock', (subject) => {
    each(subject, (quantizer) => schedule.checkScheduleIsPure(quantizer));
  }),
  defineCase('has a finite schedule, without a clock too', (subject) => {
    each(subject, (quantizer) => schedule.checkScheduleIsFinite(quantizer));
  }),
  defineCase('says truly whether it needs a clock', (subject) => {
    schedule.checkNeedsClock(subject.create());
  }),
  defineCase('declares its parameters consistently', (subject) => {
    each(subject, (quantizer) => schedule.checkParameters(quantizer));
  }),
  defineCase('initializes its parameters from the rng alone', (subject) => {
    each(subject, (quantizer) => schedule.checkInitialization(quantizer));
  }),
];

/** The cases of {@link testQuantizer}. */
export const quantizerCases: readonly ConformanceCase<QuantizerSubject>[] = [
  ...contractCases,
  expectedCase,
  ...valueCases,
  ...stateCases,
  ...behaviourCases(withRuns),
];
