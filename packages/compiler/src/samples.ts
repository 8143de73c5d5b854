// What a packed model is verified on: samples that were given, checked, or random ones.
import { createRng, failureOf } from '@bitgrad/core';

const failure = failureOf('compiler');

/** Rows of model inputs, one after another. */
export type Samples = Uint8Array | Float32Array;

/** What an input takes. */
export interface InputKind {
  readonly type: 'u8' | 'f32';
  /** Elements of one sample. */
  readonly size: number;
}

const nameOf = (value: unknown): string =>
  value === null ? 'null' : typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value;

/** How to make of a value what is expected. */
const conversion = (value: unknown, wanted: string): string => {
  if (typeof (value as { dataSync?: unknown } | null)?.dataSync === 'function')
    return `Pass its values: ${wanted}.from(await tensor.data()).`;
  if (Array.isArray(value)) return `Join the rows: ${wanted}.from(rows.flat()).`;
  if (value instanceof Float32Array)
    return 'With input "u8" samples are the bytes (0 to 255) before the normalization.';
  if (value instanceof Uint8Array)
    return 'With input "f32" samples are floats as the graph takes them; bytes go with input "u8".';
  return `Pass a ${wanted}.`;
};

/**
 * Checks samples for an input; undefined passes.
 * @throws BitgradError `invalid-option` for another type, `shape-mismatch` for a length that is no positive multiple of
 *   one sample's, `not-finite`
 */
export function checkSamples(samples: unknown, { type, size }: InputKind): void {
  if (samples === undefined) return;
  const wanted = type === 'u8' ? 'Uint8Array' : 'Float32Array';
  const fits = type === 'u8' ? samples instanceof Uint8Array : samples instanceof Float32Array;
  if (!fits)
    throw failure('invalid-option', {
      what: `samples for input "${type}"`,
      got: nameOf(samples),
      expected: `a ${wanted}`,
      next: conversion(samples, wanted),
    });
  const { length } = samples as Samples;
  if (length === 0 || length % size !== 0)
    throw failure('shape-mismatch', {
      what: 'number of elements of samples',
      got: length,
      expected: `a positive multiple of ${size}, one sample after another`,
    });
  const at = type === 'u8' ? -1 : (samples as Float32Array).findIndex((x) => !Number.isFinite(x));
  if (at >= 0)
    throw failure('not-finite', {
      what: `element ${at % size} of sample ${Math.floor(at / size)}`,
      got: (samples as Float32Array)[at],
      expected: 'finite numbers',
    });
}

/** Multiply-accumulates that the default samples may take together. */
const budget = 2e7;
/** Elements that they may have together. */
const mostElements = 4e6;

/**
 * Random samples, seeded: 16, and up to 1024 where the model is so small that they take no time, since a mistake that
 * shows on few inputs needs many to be seen.
 * @param macs multiply-accumulates of one sample
 */
export function randomSamples({ type, size }: InputKind, macs: number): Samples {
  const affordable = Math.min(budget / Math.max(1, macs), mostElements / size, 1024);
  const length = size * Math.max(16, Math.floor(affordable));
  const rng = createRng(1);
  return type === 'u8'
    ? Uint8Array.from({ length }, () => rng.integer(256))
    : Float32Array.from({ length }, () => rng.normal());
}
