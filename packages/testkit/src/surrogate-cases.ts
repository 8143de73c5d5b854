// What every surrogate gradient must do.
import { type Scalars, type SurrogateGradient } from '@bitgrad/core';
import * as tf from '@tensorflow/tfjs-core';
import { defineCase, ensure, type ConformanceCase } from './case.js';
import { expectClose } from './compare.js';
import { behaviourCases, type WithRuns } from './member/behaviour-cases.js';
import { checkBreakpoints, checkFormula, checkInfinities, runHalf } from './member/half-checks.js';
import { optionCases, type FactorySubject } from './member/option-cases.js';
import { places, plainContext, type Place } from './member/sites.js';

/** A surrogate under test. */
export interface SurrogateSubject extends FactorySubject<SurrogateGradient> {
  /** Schedule values to try it with. Default: none, `[{}]`. */
  readonly scalars?: readonly Scalars[];
  /** Largest difference from the formula, times max(1, |value|). Default 1e-6. */
  readonly tolerance?: number;
}

const variants = ({ create, options = [], scalars = [{}] }: SurrogateSubject) =>
  [undefined, ...options].flatMap((given) => scalars.map((values) => ({ surrogate: create(given), values })));

const each = (
  subject: SurrogateSubject,
  check: (surrogate: SurrogateGradient, values: Scalars) => void,
): void => variants(subject).forEach(({ surrogate, values }) => check(surrogate, values));

const withRuns: WithRuns<SurrogateSubject> = (subject, visit) =>
  each(subject, (surrogate, values) =>
    places.forEach((place: Place) =>
      visit({
        label: place.label,
        place,
        run: (x) => runHalf(surrogate, x, plainContext(place.site, values)),
      }),
    ),
  );

/** The cases of {@link testSurrogate}. */
export const surrogateCases: readonly ConformanceCase<SurrogateSubject>[] = [
  defineCase('has the shape of the contract', (subject) => {
    const { kind, name, formula, expression, derivative } = subject.create();
    ensure(kind === 'surrogate', 'kind', kind, 'surrogate');
    ensure(/^[a-z0-9]+(-[a-z0-9]+)*\+{0,2}$/.test(name), 'name', name, 'kebab-case');
    ensure(typeof formula === 'function', 'formula', formula, 'a function');
    ensure(Boolean(expression ?? derivative), 'expression and derivative', undefined, 'at least one of them');
  }),
  ...optionCases<SurrogateGradient, SurrogateSubject>(),
  defineCase('B equals its formula', (subject) => {
    each(subject, (surrogate, values) =>
      checkFormula(surrogate, (site) => plainContext(site, values), { tolerance: subject.tolerance ?? 1e-6 }),
    );
  }),
  defineCase('B is the same by expression and by derivative', (subject) => {
    each(subject, (surrogate, values) => {
      if (!surrogate.expression || !surrogate.derivative) return;
      const { expression: _, ...byDerivative } = surrogate;
      withRuns(
        { ...subject, create: () => surrogate, options: [], scalars: [values] },
        ({ label, place, run }) =>
          tf.tidy(() => {
            const x = tf.reshape(tf.linspace(-3, 3, tf.util.sizeFromShape([...place.shape])), [
              ...place.shape,
            ]);
            const other = runHalf(byDerivative, x, plainContext(place.site, values));
            expectClose(
              `B by expression (${label})`,
              run(x).dataSync(),
              other.dataSync(),
              subject.tolerance ?? 1e-6,
            );
          }),
      );
    });
  }),
  defineCase('B is a number at the infinities', (subject) => {
    each(subject, (surrogate, values) => checkInfinities(surrogate, (site) => plainContext(site, values)));
  }),
  defineCase('declares where B jumps', (subject) => {
    each(subject, checkBreakpoints);
  }),
  ...behaviourCases(withRuns),
];
