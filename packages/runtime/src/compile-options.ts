// The options that every engine's `compile` takes, checked in one place. The rules are written out: `option` of
// @bitgrad/bits would bring all its kinds of rules into every page.
import { checkOptions, type OptionRules } from '@bitgrad/bits';
import type { ExecutableOptions, EngineReport } from './engine.js';
import type { PackedModel } from './model.js';
import { expectPlan } from './tensors.js';

/** What each option may be. */
export const compileRules: OptionRules<ExecutableOptions> = {
  threads: {
    expected: 'an integer from 1 to 64',
    allows: (n) => Number.isInteger(n) && (n as number) > 0 && (n as number) < 65,
  },
  strict: { expected: 'true or false', allows: (v) => typeof v === 'boolean' },
  memoryBytes: { expected: '1 or more', allows: (n) => typeof n === 'number' && n >= 1 },
  signal: { expected: 'an AbortSignal', allows: (v) => v instanceof AbortSignal },
};

/**
 * Checks what {@link Engine.compile} is given: that there is a model, and its options.
 * @param source the engine's package, without the scope
 * @throws BitgradError `invalid-option`
 */
export function checkCompileOptions(
  source: string,
  model: PackedModel,
  options: ExecutableOptions | undefined,
): ExecutableOptions {
  const checked = checkOptions(source, 'compile', options, compileRules);
  expectPlan(model?.plan);
  return checked;
}

/**
 * What the report of an engine with one thread says of its threads.
 * @param options as checked
 * @param why there are no more
 */
export const oneThread = (
  options: ExecutableOptions | undefined,
  why: string,
): Pick<EngineReport, 'threads' | 'threadsReason'> =>
  (options?.threads ?? 1) > 1 ? { threads: 1, threadsReason: why } : { threads: 1 };
