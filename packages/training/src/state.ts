// Small parts of the trainer: weights in and out, comparison of options, and the lock between steps and saves.
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, showValue, type JsonObject } from '@bitgrad/core';
import type { Split } from '@bitgrad/datasets';

/** A weight of a model as plain data. */
export interface WeightValues {
  /** Name in the model that was saved; for messages only, weights are matched by their order. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Every weight of a model, trainable or not, in the model's order. */
export async function readWeights(model: LayersModel): Promise<WeightValues[]> {
  return Promise.all(
    model.weights.map(async (weight) => {
      const tensor = weight.read();
      return {
        name: weight.originalName,
        shape: [...tensor.shape],
        values: Float32Array.from(await tensor.data()),
      };
    }),
  );
}

/**
 * Writes weights back, in the model's order.
 * @throws BitgradError `incompatible` when number or shapes differ; the model is then unchanged
 */
export function writeWeights(model: LayersModel, weights: readonly WeightValues[]): void {
  const targets = model.weights.map((weight) => weight.read() as tf.Variable);
  const shapes = (list: readonly { shape: readonly number[] }[]) => list.map(({ shape }) => shape.join('x'));
  const [got, expected] = [shapes(weights), shapes(targets)];
  const at = expected.findIndex((shape, i) => shape !== got[i]);
  if (got.length !== expected.length || at >= 0)
    throw new BitgradError({
      code: 'incompatible',
      source: 'training',
      what: at >= 0 ? `saved weight ${at} (${weights[at]?.name ?? 'missing'})` : 'number of saved weights',
      got: at >= 0 ? (got[at] ?? 'none') : got.length,
      expected: at >= 0 ? expected[at] : String(expected.length),
      next: 'Resume with the model that the state was saved from.',
    });
  targets.forEach((target, i) => {
    const tensor = tf.tensor(Float32Array.from(weights[i]!.values), target.shape);
    target.assign(tensor);
    tensor.dispose();
  });
}

/**
 * Compares options that decide a run's result.
 * @throws BitgradError `incompatible` that names the first that differs
 */
export function checkConfig(saved: JsonObject, present: JsonObject): void {
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

/** JSON with sorted keys, so that equal options compare equal however they were written. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  ) ?? 'undefined';

/** A number that differs, almost surely, between data sets: FNV-1a over every label and every 61st byte of the images. */
export function splitChecksum({ images, labels }: Split): number {
  let hash = 0x811c9dc5;
  const add = (value: number): void => void (hash = Math.imul(hash ^ value, 0x01000193) >>> 0);
  labels.forEach(add);
  for (let i = 0; i < images.length; i += 61) add(images[i]!);
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

/** @throws BitgradError `invalid-option` unless `value` is an integer of at least `low` */
export function integerFrom(name: string, value: number, low: number): number {
  if (Number.isSafeInteger(value) && value >= low) return value;
  throw new BitgradError({
    code: 'invalid-option',
    source: 'training',
    what: name,
    got: value,
    expected: `an integer, ${low} or more`,
  });
}
