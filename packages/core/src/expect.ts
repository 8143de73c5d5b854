// Checks of what core's functions are given, in constant time: a member of a plugin, a clock, a function.
import { BitgradError } from '@bitgrad/bits';
import type { TrainingClock } from './contracts/clock.js';
import type { QuantizeContext } from './contracts/context.js';
import type { ForwardQuantizer } from './contracts/forward.js';
import type { Quantizer } from './contracts/quantizer.js';
import type { SurrogateGradient } from './contracts/surrogate.js';

interface Kinds {
  forward: ForwardQuantizer;
  surrogate: SurrogateGradient;
  quantizer: Quantizer;
}

const makers = {
  forward: 'defineForward',
  surrogate: 'defineSurrogate',
  quantizer: 'defineQuantizer',
} as const;
const needed = { forward: 'formula', surrogate: 'formula', quantizer: 'schedule' } as const;

/** The error of an argument. */
export const invalidArgument = (what: string, got: unknown, expected: string): BitgradError =>
  new BitgradError({
    code: 'invalid-option',
    source: 'core',
    what,
    got: got === undefined ? 'nothing' : got,
    expected,
  });

/** @throws BitgradError `invalid-option` for what is no member of this kind */
export function expectKind<K extends keyof Kinds>(
  owner: string,
  kind: K,
  member: unknown,
): asserts member is Kinds[K] {
  const given = member as (Partial<Record<string, unknown>> & { kind?: unknown }) | null | undefined;
  if (given?.kind !== kind || !given[needed[kind]])
    throw invalidArgument(`${kind} given to ${owner}`, member, `what ${makers[kind]} or a plugin makes`);
}

/** @throws BitgradError `invalid-option` for what is no training clock */
export function expectClock(owner: string, clock: unknown): asserts clock is TrainingClock {
  const { step, totalSteps } = (clock ?? {}) as Partial<TrainingClock>;
  if (typeof step !== 'number' || typeof totalSteps !== 'number')
    throw invalidArgument(
      `clock given to ${owner}`,
      clock,
      'a TrainingClock { step, epoch, totalSteps, learningRate, learningRateSum }',
    );
}

/** @throws BitgradError `invalid-option` for what is no object */
export function expectObject(what: string, value: unknown): asserts value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidArgument(what, value, 'an object');
}

/** @throws BitgradError `invalid-option` for what is no finite number */
export function expectNumber(what: string, value: unknown): asserts value is number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw invalidArgument(what, value, 'a finite number');
}

/** @throws BitgradError `invalid-option` for what is no context of a quantizer */
export function expectContext(owner: string, context: unknown): asserts context is QuantizeContext {
  expectObject(`context of ${owner}`, context);
  expectObject(`context.scalars of ${owner}`, context['scalars']);
  expectObject(`context.site of ${owner}`, context['site']);
}
