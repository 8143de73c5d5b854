// What a checkpoint says: everything that decides how training goes on, and nothing else.
import { BitgradError, crc32, type Json, type JsonObject } from '@bitgrad/core';
import { notFinite } from '../finite.js';
import type { OptimizerState } from '../optimizers/step-optimizer.js';
import type { Trainer } from '../trainer.js';
import {
  asList,
  asRecord,
  badState,
  checkState,
  notFiniteIn,
  slotsIn,
  type TrainerState,
} from '../trainer-state.js';
import type { WeightValues } from '../weights.js';
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

/**
 * Version 2 matches weights by name and says how many are trained; the configuration of each optimizer has the rate that it
 * was trained with. Version 1 matched by order, and every optimizer had the rate of the trainer.
 */
const version = 2;

const flatten = (state: OptimizerState, arrays: Float32Array[]): OptimizerHeader => {
  const slots = state.slots.map((tensors) => {
    if (tensors) arrays.push(...tensors);
    return tensors ? tensors.length : null;
  });
  return { ...state, slots, children: state.children.map((child) => flatten(child, arrays)) };
};

/** Binds names and shapes to the values that follow: exchanged names are found, also under a checksum made anew. */
const bindingOf = (weights: readonly Pick<WeightValues, 'name' | 'shape'>[]): number =>
  crc32(new TextEncoder().encode(JSON.stringify(weights.map(({ name, shape }) => [name, shape]))));

/**
 * The whole state of a trainer as one buffer; store it anywhere. Waits for the step that is running.
 * @param extra plain JSON kept with it
 * @throws BitgradError `not-finite` when a weight or the optimizer's state is NaN or infinite: such a run cannot go on
 */
export async function saveCheckpoint(trainer: Trainer, extra: JsonObject = {}): Promise<Uint8Array> {
  expectTrainer('saveCheckpoint', trainer);
  asExtra(extra);
  const state = await trainer.exportState();
  // What could not be read is not written.
  checkState(state);
  const bad = notFiniteIn(state);
  if (bad !== undefined) throw notFinite(bad, 'and cannot be saved');
  const { weights, optimizer, best, ...rest } = state;
  const arrays = weights.map(({ values }) => values);
  const { weights: kept, ...ofBest } = best ?? {};
  const header = {
    version,
    ...rest,
    extra,
    weights: weights.map(({ name, shape }) => ({ name, shape })),
    binding: bindingOf(weights),
    optimizer: flatten(optimizer, arrays),
    ...(best && { best: { ...ofBest, kept: kept !== undefined } }),
  };
  if (kept) arrays.push(...kept);
  return encodeParts({ header, arrays });
}

/**
 * Reads what {@link saveCheckpoint} wrote, of this version or the first; give it to {@link restoreCheckpoint}.
 * @throws BitgradError `invalid-file`, `truncated-file` or `checksum-mismatch`, whatever the bytes are; `invalid-option` for
 *   what are no bytes
 */
export function loadCheckpoint(bytes: Uint8Array): Checkpoint {
  const parts = decodeParts(bytes);
  const header = asRecord(parts.header, 'header');
  const first = header['version'] === 1;
  if (!first && header['version'] !== version)
    throw badState('version', header['version'], `1 or ${version}`);
  const queue = [...parts.arrays];
  const weights = asList(header['weights'], 'weights').map((entry, i) => {
    const { name, shape } = asRecord(entry, `weight ${i}`);
    return { name, shape, values: queue.shift() } as WeightValues;
  });
  const optimizer = readOptimizer(header['optimizer'], queue, 0);
  const best = header['best'] === undefined ? undefined : readBest(header['best'], queue, weights.length);
  if (queue.length > 0) throw badState('arrays', queue.length, 'none left over');
  const state = {
    config: first ? withUsedRates(asRecord(header['config'], 'config')) : header['config'],
    clock: header['clock'],
    position: header['position'],
    metrics: header['metrics'],
    extra: asRecord(header['extra'], 'extra') as JsonObject,
    weights,
    trained: first ? slotsIn(optimizer) : header['trained'],
    optimizer,
    ...(best && { best }),
    ...(header['lengthenings'] === undefined ? {} : { lengthenings: header['lengthenings'] }),
    ...(first ? { ordered: true } : {}),
  };
  checkState(state);
  const notFiniteHere = notFiniteIn(state);
  if (notFiniteHere !== undefined) throw badState(notFiniteHere, 'NaN or infinity', 'finite values');
  if (!first && header['binding'] !== bindingOf(weights))
    throw badState(
      'names of the weights',
      header['binding'],
      `${bindingOf(weights)}, made of the names as they are`,
    );
  return state as Checkpoint;
}

/**
 * Puts a trainer where the checkpoint stands; the next step is the one that would have followed.
 * @param trainer made with the same model, data and options as the one that was saved
 * @throws BitgradError `incompatible` that names the first option or the layers that differ, `invalid-file` for a checkpoint
 *   that cannot be
 */
export function restoreCheckpoint(trainer: Trainer, checkpoint: Checkpoint): void {
  expectTrainer('restoreCheckpoint', trainer);
  if (ArrayBuffer.isView(checkpoint))
    throw invalid('checkpoint given to restoreCheckpoint', 'bytes', 'what loadCheckpoint(bytes) gives');
  trainer.importState(checkpoint);
}

const invalid = (what: string, got: unknown, expected: string): BitgradError =>
  new BitgradError({ code: 'invalid-option', source: 'training', what, got: got ?? 'nothing', expected });

function expectTrainer(owner: string, trainer: unknown): asserts trainer is Trainer {
  const { exportState, importState } = (trainer ?? {}) as Partial<Trainer>;
  if (typeof exportState !== 'function' || typeof importState !== 'function')
    throw invalid(`trainer given to ${owner}`, trainer, 'what createTrainer makes');
}

function asExtra(extra: unknown): void {
  if (typeof extra !== 'object' || extra === null || Array.isArray(extra))
    throw invalid('extra of a checkpoint', extra, 'a plain JSON object');
}

/** A configuration of the first version, with the rate that every optimizer was trained with. */
function withUsedRates(config: Readonly<Record<string, unknown>>): unknown {
  const set = (value: Json, key?: string): Json => {
    if (key === 'learningRate') return config['learningRate'] as Json;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item: Json) => set(item));
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, set(item as Json, name)]));
  };
  return { ...config, optimizer: set((config['optimizer'] ?? null) as Json) };
}

/** The best epoch; its weights follow the optimizer's state where they are kept. */
function readBest(x: unknown, queue: Float32Array[], weights: number): object {
  const { kept, ...best } = asRecord(x, 'best');
  if (typeof kept !== 'boolean') throw badState('best.kept', kept, 'true or false');
  return kept ? { ...best, weights: queue.splice(0, weights) } : best;
}

const readOptimizer = (x: unknown, queue: Float32Array[], depth: number): OptimizerState => {
  const { name, iterations, slots, children } = asRecord(x, 'optimizer');
  if (depth > 8) throw badState('optimizer', 'more than 8 levels', 'at most 8 levels of children');
  return {
    name: name as string,
    iterations: iterations as number,
    slots: asList(slots, 'optimizer.slots').map((count) => {
      if (count === null) return null;
      if (!Number.isSafeInteger(count) || (count as number) < 0 || (count as number) > queue.length)
        throw badState('optimizer.slots', count, `at most ${queue.length}`);
      return queue.splice(0, count as number);
    }),
    children: asList(children, 'optimizer.children').map((child) => readOptimizer(child, queue, depth + 1)),
  };
};
