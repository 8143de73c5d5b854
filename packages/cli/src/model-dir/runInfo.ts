// bitgrad.json: what a folder's model is, how it was trained and how well it did. The compiler and `eval` read it.
import { join } from 'node:path';
import {
  BitgradError,
  parseOptions,
  type JsonObject,
  type PictureSettings,
  type TrainingClock,
} from '@bitgrad/core';
import type { Normalization } from '@bitgrad/datasets';
import * as v from 'valibot';
import { readIfThere, writeAtomically } from './atomic.js';

const numbers = v.array(v.number());
const byte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));

const schema = v.looseObject({
  version: v.literal(1),
  /** Options of `bitgrad train` that decide the result. */
  options: v.record(v.string(), v.any()),
  /** Names of the plugins given by --plugin; `eval` needs them again. */
  plugins: v.array(v.string()),
  classes: v.array(v.string()),
  inputShape: numbers,
  /** Bytes of images to floats: (byte - mean) / std, by channel. */
  normalize: v.object({ mean: numbers, std: numbers }),
  /** How pictures were brought to the input shape; absent where none were. */
  picture: v.optional(
    v.object({
      fit: v.picklist(['cover', 'contain', 'stretch']),
      background: v.tuple([byte, byte, byte]),
      invert: v.boolean(),
    }),
  ),
  /** Where training stands: the soft quantizers of the model are evaluated there. */
  clock: v.object({
    step: v.number(),
    epoch: v.number(),
    totalSteps: v.number(),
    learningRate: v.number(),
    learningRateSum: v.number(),
  }),
  finished: v.boolean(),
  /** The result line of `bitgrad train --json`. */
  result: v.record(v.string(), v.any()),
});

/** The contents of bitgrad.json. */
export interface RunInfo {
  readonly version: 1;
  readonly options: JsonObject;
  readonly plugins: readonly string[];
  readonly classes: readonly string[];
  readonly inputShape: readonly number[];
  readonly normalize: Normalization;
  readonly picture?: PictureSettings;
  readonly clock: TrainingClock;
  readonly finished: boolean;
  readonly result: JsonObject;
}

const nameOf = (folder: string): string => join(folder, 'bitgrad.json');

/** Writes bitgrad.json. */
export const writeRunInfo = (folder: string, info: RunInfo): Promise<void> =>
  writeAtomically(nameOf(folder), `${JSON.stringify(info, null, 2)}\n`);

/**
 * Reads bitgrad.json.
 * @throws BitgradError `io` when it is missing, `invalid-file` when it is not what {@link writeRunInfo} wrote
 */
export async function readRunInfo(folder: string): Promise<RunInfo> {
  const bytes = await readIfThere(nameOf(folder));
  if (!bytes)
    throw new BitgradError({
      code: 'io',
      source: 'cli',
      what: `${nameOf(folder)} is missing`,
      next: 'Give a folder that `bitgrad train --out` has written.',
    });
  try {
    return parseOptions(
      'cli',
      nameOf(folder),
      schema,
      JSON.parse(Buffer.from(bytes).toString('utf8')),
    ) as RunInfo;
  } catch (cause) {
    throw new BitgradError({
      code: 'invalid-file',
      source: 'cli',
      what: `${nameOf(folder)} is not a run of this version (${(cause as Error).message})`,
      cause,
    });
  }
}
