// State of the Quantizers page: the choice, the point of the schedule that is shown, and what follows from them.
import { computed, signal } from '@preact/signals';
import type { JsonObject, Quantizer, Scalars } from '@bitgrad/core';
import { spectrum, type Spectrum } from '@bitgrad/quantizer-fda';
import { certify, type Certificate, type Position } from '@bitgrad/certificate';
import type { QuantizerChoice } from '../worker/protocol.js';
import { createQuantizer } from './library.js';

/** The quantizer on the page. */
export const choice = signal<QuantizerChoice>({ kind: 'registered', name: 'ste', options: {} });
/** Share of training that is done, where the schedule is read. */
export const time = signal(0.5);
/** Scalars that the visitor has moved away from the schedule. */
export const moved = signal<Scalars>({});
/** First harmonic of the spectrum. */
export const omega = signal(0.4);

const attempt = <T>(make: () => T): { value: T } | { error: unknown } => {
  try {
    return { value: make() };
  } catch (error) {
    return { error };
  }
};

/** The quantizer, or why there is none. */
export const quantizer = computed(() => attempt(() => createQuantizer(choice.value)));

/** The quantizer's resolved default options, which tell their types. */
export const defaults = computed<JsonObject>(() => {
  const now = choice.value;
  return now.kind === 'registered' ? createQuantizer({ ...now, options: {} }).options : {};
});

/** Numbers among the options that are moved by sliders instead of typed, and how far. */
const sliderOptions: Readonly<Record<string, readonly [low: number, high: number]>> = {
  omega: [0.02, 1],
  rho: [0, 2],
  varrho: [0, 2],
};

/** An option with a slider. */
export interface OptionRange extends ScalarRange {
  readonly value: number;
}

/** The options of the quantizer that have sliders. */
export const optionRanges = computed<readonly OptionRange[]>(() => {
  const now = choice.value;
  if (now.kind !== 'registered') return [];
  return Object.entries(sliderOptions).flatMap(([name, [low, high]]) => {
    const value = now.options[name] ?? defaults.value[name];
    return typeof value === 'number' ? [{ name, low, high, value }] : [];
  });
});

/** Changes one option of the quantizer. */
export function setOption(name: string, value: number): void {
  const now = choice.value;
  if (now.kind === 'registered') choose({ ...now, options: { ...now.options, [name]: value } });
}

/** The certificate over the whole schedule. */
export const certificate = computed<{ value: Certificate } | { error: unknown }>(() => {
  const made = quantizer.value;
  return 'error' in made ? made : attempt(() => certify(made.value));
});

/** The pair at the shown point of the schedule. */
export const position = computed<{ value: Position } | { error: unknown }>(() => {
  const made = quantizer.value;
  if ('error' in made) return made;
  return attempt(() => certify(made.value, { progress: [time.value], scalars: [moved.value] }).positions[0]!);
});

/** Range of a scalar over the schedule, for its slider. */
export interface ScalarRange {
  readonly name: string;
  readonly low: number;
  readonly high: number;
}

/** The scalars that the schedule moves, or that were fixed by options. */
export const scalarRanges = computed<readonly ScalarRange[]>(() => {
  const made = quantizer.value;
  return 'error' in made ? [] : rangesOf(made.value);
});

function rangesOf({ schedule }: Quantizer): ScalarRange[] {
  const at = (share: number): Scalars => {
    const step = Math.round(share * 1000);
    return schedule.values({
      step,
      epoch: Math.floor(share * 10),
      totalSteps: 1000,
      learningRate: 0.01,
      learningRateSum: step * 0.01,
    });
  };
  const all = [0, 0.25, 0.5, 0.75, 1].map(at);
  return Object.keys(all[0] ?? {}).map((name) => {
    const values = all.map((scalars) => scalars[name]!).filter(Number.isFinite);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    // A slider reaches beyond the schedule: what comes before and after it can be seen too.
    return low > 0
      ? { name, low: low / 4, high: high * 4 }
      : { name, low: Math.min(low, 0), high: high > low ? high * 1.5 : high + 1 };
  });
}

/** The spectrum of the backward beside that of sign. */
export const spectra = computed<{ value: Spectrum } | { error: unknown }>(() => {
  const [made, at] = [quantizer.value, position.value];
  if ('error' in made) return made;
  if ('error' in at) return at;
  return attempt(() =>
    spectrum(made.value.surrogate, {
      omega: omega.value,
      harmonics: 16,
      scalars: at.value.scalars,
      points: 1500,
    }),
  );
});

/** Takes another quantizer, at the schedule's own values. */
export function choose(next: QuantizerChoice): void {
  choice.value = next;
  moved.value = {};
}
