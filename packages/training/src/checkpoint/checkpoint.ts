// What a checkpoint says: everything that decides how training goes on, and nothing else.
import { BitgradError, type JsonObject, type TrainingClock } from '@bitgrad/core';
import type { OptimizerState } from '../optimizers/stepOptimizer.js';
import type { Trainer, TrainerState } from '../trainer.js';
import { decodeParts, encodeParts } from './format.js';

/** A checkpoint in memory. */
export interface Checkpoint extends TrainerState {
  /** What the caller asked to keep beside the state, such as command-line options. */
  readonly extra: JsonObject;
}

/** The optimizer state with counts in place of its arrays. */
interface OptimizerHeader {
  readonly name: string;
  readonly iterations: number;
  readonly slots: readonly (number | null)[];
  readonly children: readonly OptimizerHeader[];
}

const version = 1;

const bad = (what: string, got: unknown, expected: string): BitgradError =>
  new BitgradError({ code: 'invalid-file', source: 'training', what: `checkpoint: ${what}`, got, expected });

const flatten = (state: OptimizerState, arrays: Float32Array[]): OptimizerHeader => {
  const slots = state.slots.map((tensors) => {
    if (tensors) arrays.push(...tensors);
    return tensors ? tensors.length : null;
  });
  return { ...state, slots, children: state.children.map((child) => flatten(child, arrays)) };
};

/**
 * The whole state of a trainer as one buffer; store it anywhere. Waits for the step that is running.
 * @param extra plain JSON kept with it
 */
export async function saveCheckpoint(trainer: Trainer, extra: JsonObject = {}): Promise<Uint8Array> {
  const { weights, optimizer, ...rest } = await trainer.exportState();
  const arrays = weights.map(({ values }) => values);
  const header = {
    version,
    ...rest,
    extra,
    weights: weights.map(({ name, shape }) => ({ name, shape })),
    optimizer: flatten(optimizer, arrays),
  };
  return encodeParts({ header, arrays });
}

/**
 * Reads what {@link saveCheckpoint} wrote; give it to {@link restoreCheckpoint}.
 * @throws BitgradError `invalid-file`, `truncated-file` or `checksum-mismatch`, whatever the bytes are
 */
export function loadCheckpoint(bytes: Uint8Array): Checkpoint {
  const { header, arrays } = decodeParts(bytes);
  if (!isRecord(header)) throw bad('header', header, 'an object');
  if (header.version !== version) throw bad('version', header.version, String(version));
  const queue = [...arrays];
  const weights = list(header.weights, 'weights').map((entry, i) => {
    const { name, shape } = isRecord(entry) ? entry : {};
    const values = queue.shift();
    const valid =
      typeof name === 'string' && Array.isArray(shape) && shape.every((d) => Number.isSafeInteger(d));
    if (!valid || !values || values.length !== shape.reduce((a: number, b: number) => a * b, 1))
      throw bad(`weight ${i}`, entry, 'a name and the shape of its values');
    return { name, shape: shape as number[], values };
  });
  const optimizer = readOptimizer(header.optimizer, queue, 0);
  if (queue.length > 0) throw bad('arrays', queue.length, 'none left over');
  return {
    config: record(header.config, 'config'),
    clock: readClock(header.clock),
    position: readPosition(header.position),
    metrics: readMetrics(header.metrics),
    extra: record(header.extra, 'extra'),
    weights,
    optimizer,
  };
}

/**
 * Puts a trainer where the checkpoint stands; the next step is the one that would have followed.
 * @param trainer made with the same model, data and options as the one that was saved
 * @throws BitgradError `incompatible` that names the first option that differs
 */
export function restoreCheckpoint(trainer: Trainer, checkpoint: Checkpoint): void {
  trainer.importState(checkpoint);
}

const isRecord = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && !Array.isArray(x);

const record = (x: unknown, what: string): JsonObject => {
  if (!isRecord(x)) throw bad(what, x, 'an object');
  return x as JsonObject;
};

const list = (x: unknown, what: string): unknown[] => {
  if (!Array.isArray(x)) throw bad(what, x, 'a list');
  return x;
};

const numbers = <K extends string>(x: unknown, what: string, keys: readonly K[]): Record<K, number> => {
  const values = record(x, what);
  for (const key of keys)
    if (typeof values[key] !== 'number') throw bad(`${what}.${key}`, values[key], 'a number');
  return values as Record<K, number>;
};

const readClock = (x: unknown): TrainingClock =>
  numbers(x, 'clock', ['step', 'epoch', 'totalSteps', 'learningRate', 'learningRateSum']);

const readPosition = (x: unknown): TrainerState['position'] => numbers(x, 'position', ['epoch', 'batch']);

const readMetrics = (x: unknown): TrainerState['metrics'] => {
  const metrics = numbers(x, 'metrics', [
    'lossSum',
    'correct',
    'seen',
    'flipSum',
    'flipSamples',
    'trainSeconds',
    'trainImages',
  ]);
  const history = list((x as Record<string, unknown>).history, 'metrics.history');
  history.forEach((entry, i) => numbers(entry, `metrics.history[${i}]`, ['epoch', 'loss', 'accuracy']));
  return { ...metrics, history } as TrainerState['metrics'];
};

const readOptimizer = (x: unknown, queue: Float32Array[], depth: number): OptimizerState => {
  const { name, iterations } = record(x, 'optimizer');
  if (typeof name !== 'string' || !Number.isSafeInteger(iterations) || depth > 8)
    throw bad('optimizer', x, 'a name and the number of its steps');
  const { slots, children } = x as { slots: unknown; children: unknown };
  return {
    name,
    iterations: iterations as number,
    slots: list(slots, 'optimizer.slots').map((count) => {
      if (count === null) return null;
      if (!Number.isSafeInteger(count) || (count as number) < 0 || (count as number) > queue.length)
        throw bad('optimizer.slots', count, `at most ${queue.length}`);
      return queue.splice(0, count as number);
    }),
    children: list(children, 'optimizer.children').map((child) => readOptimizer(child, queue, depth + 1)),
  };
};
