// Cases of everything that a factory makes from options: the object is frozen, options are checked and round trip.
import { BitgradError } from '@bitgrad/core';
import { defineCase, fail, ensure, sameJson, type ConformanceCase } from '../case.js';

/** What these cases need of a subject. */
export interface FactorySubject<T> {
  create(options?: object): T;
  /** Valid options that differ from the defaults; each is tried. */
  readonly options?: readonly object[];
  /** Options that must be refused, beside those that the kit makes up. */
  readonly invalid?: readonly object[];
}

interface Member {
  readonly name: string;
  readonly options: object;
}

const refuses = (subject: FactorySubject<Member>, options: object, why: string): void => {
  let made: unknown;
  try {
    made = subject.create(options);
  } catch (error) {
    const code = error instanceof BitgradError ? error.code : undefined;
    ensure(
      code === 'invalid-option',
      `error for ${why}`,
      error instanceof Error ? error.message : error,
      'a BitgradError with code invalid-option',
    );
    return;
  }
  fail(`${why} is accepted`, (made as Member).options, 'a BitgradError with code invalid-option');
};

/** The cases, for subjects of any kind of member. */
export const optionCases = <T extends Member, S extends FactorySubject<T>>(): ConformanceCase<S>[] => [
  defineCase('is frozen', (subject) => {
    ensure(
      Object.isFrozen(subject.create()),
      'the object is not frozen',
      undefined,
      'Object.freeze of what the factory returns',
    );
  }),
  defineCase('is made anew by each call, and equal', (subject) => {
    const [a, b] = [subject.create(), subject.create()];
    ensure(a !== b, 'two calls of the factory give the same object');
    ensure(
      a.name === b.name && sameJson(a.options, b.options),
      'two calls of the factory differ',
      b.options,
      JSON.stringify(a.options),
    );
  }),
  defineCase('has options that survive JSON and rebuild it', (subject) => {
    for (const given of [undefined, ...(subject.options ?? [])]) {
      const { options } = subject.create(given);
      const again = subject.create(JSON.parse(JSON.stringify(options)) as object);
      ensure(
        sameJson(again.options, options),
        'options after a round trip through JSON',
        again.options,
        JSON.stringify(options),
      );
      for (const [key, value] of Object.entries(given ?? {}))
        ensure(
          sameJson((options as Record<string, unknown>)[key], value),
          `resolved option "${key}"`,
          (options as Record<string, unknown>)[key],
          JSON.stringify(value),
        );
    }
  }),
  defineCase('refuses options it does not know', (subject) => {
    refuses(subject, { noSuchOption: 1 }, 'an unknown option');
  }),
  defineCase('refuses options of a wrong type', (subject) => {
    const { options } = subject.create();
    for (const key of Object.keys(options))
      refuses(subject, { ...options, [key]: { not: 'valid' } }, `an object for the option "${key}"`);
  }),
  defineCase('refuses values out of range', (subject) => {
    for (const options of subject.invalid ?? []) refuses(subject, options, JSON.stringify(options));
  }),
];
