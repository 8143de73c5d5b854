// Thin vitest runners of the cases. A conformance test of a plugin is one call.
import type { BackendAdapter, Probe } from '@bitgrad/core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { fail, type ConformanceCase } from './case.js';
import { engineCases, type Effort, type EngineSubject } from './engine/index.js';
import { forwardCases, type ForwardSubject } from './forward-cases.js';
import { quantizerCases, type QuantizerSubject } from './quantizer-cases.js';
import { surrogateCases, type SurrogateSubject } from './surrogate-cases.js';
import { reasonToSkip, requiredBackends } from './training/requirement.js';
import { trainingBackendCases } from './training-backend-cases.js';

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

/** A training backend under test. */
export interface TrainingBackendSubject extends Extra {
  create(): BackendAdapter;
  /** Largest error of a value or gradient, relative to the largest magnitude of its tensor. Default 1e-5. */
  readonly tolerance?: number;
  /** Cases that this backend cannot pass, by name, with the reason; they show as skipped. */
  readonly skip?: Readonly<Record<string, string>>;
  /** Runs the cases elsewhere, for example in a browser's page; default: here, on `create()`. */
  readonly elsewhere?: {
    /** Opens the place, and probes the backend there. */
    probe(): Promise<Probe>;
    /** Runs one case there, by its name, on a started backend. */
    run(name: string): Promise<void>;
  };
}

/**
 * Runs every case of {@link trainingBackendCases}. The test file imports `@tensorflow/tfjs-layers` for the gradients.
 * A backend that is not available here shows as skipped with its reason, or fails when the environment variable
 * `BITGRAD_REQUIRE` names it (`BITGRAD_REQUIRE=cpu,wasm`).
 */
export function testTrainingBackend(subject: TrainingBackendSubject): void {
  const { create, tolerance, skip = {}, extra, elsewhere } = subject;
  const adapter = create();
  describe(`training backend ${adapter.name}`, () => {
    let missing = '';
    beforeAll(async () => {
      const probe = await (elsewhere ?? adapter).probe();
      missing = reasonToSkip(adapter.name, probe, requiredBackends());
      if (missing || !elsewhere) return missing ? undefined : adapter.start();
      if (!probe.available) fail(`required backend ${adapter.name}: ${probe.reason}`);
    });
    afterAll(() => adapter.dispose());
    for (const { name, check } of trainingBackendCases)
      it(name, async (context) => {
        const why = missing || skip[name];
        if (why) context.skip(why);
        await (elsewhere ? elsewhere.run(name) : check({ adapter, create, tolerance }));
      });
    it('declares skips of cases that exist', () => {
      const unknown = Object.keys(skip).filter((name) => !trainingBackendCases.some((c) => c.name === name));
      if (unknown.length > 0) fail('skipped cases that do not exist', unknown);
    });
    extra?.();
  });
}

/** An engine under test. */
export interface EngineTest extends EngineSubject, Extra {
  /** Name in the titles; also what `BITGRAD_REQUIRE` calls it. */
  readonly name: string;
  /** Why it cannot run here; empty or absent when it can. */
  missing?(): Promise<string> | string;
  /** Runs a case elsewhere, for example in a browser's page, by its name; default: here, on `create()`. */
  readonly run?: (name: string, effort: Effort) => Promise<void>;
  /** Cases that this engine cannot pass, by name, with the reason; they show as skipped. */
  readonly skip?: Readonly<Record<string, string>>;
}

/**
 * Runs every case of `engineCases` on an engine and compares it with the runtime's JavaScript engine: integers bit for
 * bit, float32 within the subject's tolerance. `BITGRAD_FULL=1` runs every combination of channels, pools and moves instead
 * of a selection. An engine that is missing shows as skipped with its reason, or fails
 * when the environment variable `BITGRAD_REQUIRE` names it.
 */
export function testEngine({
  name,
  missing,
  run: elsewhere,
  skip = {},
  extra,
  effort: wanted = 'normal',
  ...subject
}: EngineTest): void {
  const effort = process.env['BITGRAD_FULL'] === '1' ? 'thorough' : wanted;
  describe(`engine ${name}`, () => {
    let reason = '';
    beforeAll(async () => {
      reason = (await missing?.()) ?? '';
      if (reason && (requiredBackends() ?? '').split(',').includes(name))
        fail(`required engine ${name}: ${reason}`);
    });
    for (const { name: title, check } of engineCases)
      it(
        title,
        async (context) => {
          const why = reason || skip[title];
          if (why) context.skip(why);
          await (elsewhere ? elsewhere(title, effort) : check({ ...subject, effort }));
        },
        effort === 'thorough' ? 6 * 3_600_000 : undefined,
      );
    extra?.();
  });
}
