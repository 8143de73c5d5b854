// Small parts of the trainer: comparison of options, a checksum of the data, and the lock between steps and saves.
import { BitgradError, checkValue, option, showValue, type Json, type JsonObject } from '@bitgrad/core';
import type { Examples } from '@bitgrad/datasets';
import type { Lengthening } from './schedules.js';
import type { TrainerState } from './trainer-state.js';

/**
 * Compares options that decide a run's result.
 * @throws BitgradError `incompatible` that names the first that differs
 */
export function checkConfig(saved: JsonObject, present: JsonObject): void {
  checkValue('training', 'saved options', saved, option.required(option.object));
  checkValue('training', 'present options', present, option.required(option.object));
  for (const key of new Set([...Object.keys(present), ...Object.keys(saved)])) {
    if (canonical(saved[key]) === canonical(present[key])) continue;
    throw new BitgradError({
      code: 'incompatible',
      source: 'training',
      what: `option "${key}" differs from that of the checkpoint`,
      got: present[key] ?? 'nothing',
      expected: showValue(saved[key]),
      next: 'Resume with the options of the first run, or start a new run elsewhere.',
    });
  }
}

/**
 * Compares a state with the options of a trainer: all must be the same, but that the run may have become longer, and more
 * or less patient.
 * @returns the lengths that the run had, up to which step
 * @throws BitgradError `incompatible`
 */
export function lengthened(state: TrainerState, present: JsonObject): readonly Lengthening[] {
  const { config, clock, lengthenings = [] } = state;
  const epochs = present['epochs'] as number;
  const then = config['epochs'] as number;
  const patience = (stop: Json | undefined, of: Json | undefined): Json | undefined =>
    stop && of ? { ...(stop as JsonObject), patience: (of as JsonObject)['patience']! } : stop;
  const earlyStop = patience(config['earlyStop'], present['earlyStop']);
  checkConfig({ ...config, epochs: Math.max(epochs, then), ...(earlyStop && { earlyStop }) }, present);
  return epochs > then && clock.step > 0
    ? [...lengthenings, { step: clock.step, epochs: then }]
    : lengthenings;
}

/** JSON with sorted keys, so that equal options compare equal however they were written. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  ) ?? 'undefined';

/**
 * A number that differs, almost surely, between data sets: FNV-1a over every label and every 61st byte of the images; of
 * floats, weights and further inputs over every byte.
 */
export function splitChecksum({ images, labels, weights, more = [] }: Examples): number {
  let hash = 0x811c9dc5;
  const add = (value: number): void => void (hash = Math.imul(hash ^ value, 0x01000193) >>> 0);
  const addAll = ({ buffer, byteOffset, byteLength }: Float32Array): void =>
    new Uint8Array(buffer, byteOffset, byteLength).forEach(add);
  if (labels instanceof Float32Array) addAll(labels);
  else labels.forEach(add);
  if (images instanceof Float32Array) addAll(images);
  else for (let i = 0; i < images.length; i += 61) add(images[i]!);
  if (weights) addAll(weights);
  for (const { values } of more) addAll(values);
  return hash;
}

/** FNV-1a over the bytes of values. */
export function checksumOf(...all: readonly Float32Array[]): number {
  let hash = 0x811c9dc5;
  for (const { buffer, byteOffset, byteLength } of all)
    for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0; // prettier-ignore
  return hash;
}

/** Runs asynchronous work one piece after another, in the order asked for. */
export function createLock(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    // A failure belongs to whoever asked; the next piece runs all the same.
    last = result.catch(() => undefined);
    return result;
  };
}
