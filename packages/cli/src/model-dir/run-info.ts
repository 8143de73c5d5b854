// bitgrad.json: what a folder's model is, how it was trained and how well it did. The compiler and `eval` read it.
import { expectText } from '../arguments.js';
import { join } from 'node:path';
import {
  BitgradError,
  parseOptions,
  reasonOf,
  type JsonObject,
  type PictureSettings,
  type TrainingClock,
} from '@bitgrad/core';
import type { Normalization } from '@bitgrad/datasets';
import * as v from 'valibot';
import { readCommitted } from './commit.js';

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
    totalEpochs: v.optional(v.number()),
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

/** Name of the checkpoint in a run's folder. */
export const checkpointName = 'checkpoint';

/** Name of the description there. */
export const infoName = 'bitgrad.json';

/** The contents of bitgrad.json. */
export const infoContents = (info: RunInfo): string => `${JSON.stringify(info, null, 2)}\n`;

/**
 * Reads bitgrad.json.
 * @throws BitgradError `io` when it is missing, `checksum-mismatch` when it is of another run, `invalid-file` when it is not
 *   what `bitgrad train` wrote
 */
export async function readRunInfo(folder: string): Promise<RunInfo> {
  expectText('folder', folder);
  return infoOf(folder, (await readCommitted(folder, [infoName])).files);
}

/** The description in files that {@link readCommitted} has read from a folder. */
export function infoOf(folder: string, files: ReadonlyMap<string, Uint8Array>): RunInfo {
  const path = join(folder, infoName);
  try {
    const text = Buffer.from(files.get(infoName)!).toString('utf8');
    return parseOptions('cli', path, schema, JSON.parse(text)) as RunInfo;
  } catch (cause) {
    throw new BitgradError({
      code: 'invalid-file',
      source: 'cli',
      what: `${path} is not a run of this version (${reasonOf(cause)})`,
      cause,
    });
  }
}
