// Thin vitest runners of the cases. A conformance test of a plugin is one call.
import { describe, it } from 'vitest';
import type { ConformanceCase } from './case.js';
import { forwardCases, type ForwardSubject } from './forwardCases.js';
import { quantizerCases, type QuantizerSubject } from './quantizerCases.js';
import { surrogateCases, type SurrogateSubject } from './surrogateCases.js';

/** Extra tests of one member, run beside the kit's own. */
export interface Extra {
  /** Called inside the suite's `describe`: add tests with vitest's `it`. */
  readonly extra?: () => void;
}

const run = <S>(title: string, cases: readonly ConformanceCase<S>[], subject: S & Extra): void => {
  describe(title, () => {
    for (const { name, check } of cases) it(name, () => check(subject));
    subject.extra?.();
  });
};

/**
 * Runs every case of {@link quantizerCases}. The test file imports a synchronous tfjs backend and, for the gradients,
 * `@tensorflow/tfjs-layers`.
 */
export const testQuantizer = (subject: QuantizerSubject & Extra): void =>
  run(`quantizer ${subject.create().name}`, quantizerCases, subject);

/** Runs every case of {@link surrogateCases}. */
export const testSurrogate = (subject: SurrogateSubject & Extra): void =>
  run(`surrogate ${subject.create().name}`, surrogateCases, subject);

/** Runs every case of {@link forwardCases}. */
export const testForward = (subject: ForwardSubject & Extra): void =>
  run(`forward ${subject.create().name}`, forwardCases, subject);
