// A trained run for the commands that read one: its model with the quantizers it names, and the data it belongs to.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, reasonOf } from '@bitgrad/core';
import { limitSplit, type Dataset, type Examples, type TableOptions } from '@bitgrad/datasets';
import { setClock } from '@bitgrad/layers';
import {
  checkpointName,
  infoName,
  infoOf,
  modelFiles,
  modelOf,
  openData,
  soundOf,
  tableOf,
  type DataOptions,
  type RunInfo,
} from '@bitgrad/recipe';
import { absoluteData, pictureShape } from '../data.js';
import { writeLine } from '../io.js';
import { manifestName, readCommitted } from './commit.js';

/** A run's folder as it was at one moment. */
export interface OpenedRun {
  readonly path: string;
  readonly info: RunInfo;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What a path holds that is no folder of a run, and what to do. */
function expectFolder(path: string): void {
  const fail = (code: 'io' | 'invalid-option', what: string, next: string): never => {
    throw new BitgradError({ code, source: 'cli', what: `${path} ${what}`, next });
  };
  const train = 'Give the folder of a run, as `bitgrad train --out` has written it.';
  const found = existsSync(path) ? statSync(path) : undefined;
  if (!found) return fail('io', 'does not exist', train);
  if (!found.isDirectory() && path.endsWith('.bitgrad'))
    return fail(
      'invalid-option',
      'is a packed model already',
      '`bitgrad run`, `inspect` and `bench` take it.',
    );
  if (!found.isDirectory()) return fail('invalid-option', 'is a file, not the folder of a run', train);
  const begun = existsSync(join(path, checkpointName));
  if (begun && !existsSync(join(path, manifestName)) && !existsSync(join(path, infoName)))
    fail(
      'io',
      'holds a checkpoint and no model yet',
      'Finish the run: `bitgrad train --resume` with its options.',
    );
}

/**
 * Reads the files of a run, and says so where they cannot be compared with their checksums.
 * @throws BitgradError `io`, `checksum-mismatch`, `invalid-file`
 */
export async function readRun(path: string, note: (text: string) => void): Promise<OpenedRun> {
  expectFolder(path);
  const { files, checked } = await readCommitted(path, [infoName, ...modelFiles]);
  if (!checked)
    note(
      `${path} has no ${manifestName} (an earlier version wrote it, or it was removed): its files are not checked`,
    );
  return { path, info: infoOf(join(path, infoName), files.get(infoName)!), files };
}

/**
 * Loads a run's model at the clock where training stopped. A backend must have been started, plugins registered.
 * @param named whether plugins were named on the command line
 * @throws BitgradError `invalid-file`; for an unknown quantizer it names the plugins of the training
 */
export async function openRun({ path, info, files }: OpenedRun, named: boolean): Promise<LayersModel> {
  const model = await modelOf(path, files).catch((cause) => {
    // A saved name is not a reason to run code: what was loaded for training must be named again.
    if (!(cause instanceof BitgradError) || cause.code !== 'unknown-name' || named) throw cause;
    const plugins = info.plugins.map((plugin) => `--plugin ${plugin}`).join(' ');
    throw new BitgradError({
      code: 'unknown-name',
      source: 'cli',
      what: reasonOf(cause).replace(/\.? Register the plugin.*$/s, ''),
      next: plugins ? `The model was trained with ${plugins}.` : 'Name its plugin with --plugin.',
      cause,
    });
  });
  setClock(model, info.clock);
  return model;
}

/** The splits of a data set. */
export type SplitName = 'test' | 'train' | 'validation';

/** Which data of a run is wanted. */
export interface RunDataOptions {
  readonly data?: string;
  readonly split: SplitName;
  readonly limit?: number;
  /** What paths are relative to. */
  readonly directory: string;
  /** Where lines for people go. */
  readonly lines: NodeJS.WritableStream;
}

/**
 * The data a model is evaluated on: by default what it was trained on, with the same limits. Pictures are made as for the
 * training, its seed holds out the same ones, and labels are matched by the names of the classes.
 * @throws BitgradError as `openData`; `shape-mismatch` when images are not those of the training
 */
export async function openRunData(info: RunInfo, options: RunDataOptions): Promise<Dataset<Examples>> {
  const { data, limit, testLimit, validation, seed = 0 } = info.options as unknown as Partial<DataOptions>;
  if (data === undefined && options.data === undefined)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'cli',
      what: 'data of a model that was saved by a program, which does not say what it was trained on',
      next: 'Name the data with --data.',
    });
  const asked = options.data === undefined ? undefined : absoluteData(options.data, options.directory);
  const same = asked === undefined || asked === (data && absoluteData(data, options.directory));
  const kept = (saved?: number): number | undefined => (same ? (saved ?? undefined) : undefined);
  // Of the split that nobody asked for one image is enough. What was held out of the training images is held out again.
  const ofTest = options.split === 'test';
  const held = !ofTest && same ? (validation ?? undefined) : undefined;
  const dataset = await openData(
    {
      data: asked ?? data!,
      seed,
      limit: ofTest ? 1 : held === undefined ? (options.limit ?? kept(limit)) : kept(limit),
      testLimit: ofTest ? (options.limit ?? kept(testLimit)) : 1,
      validation: held,
      shape: pictureShape(info.inputShape),
      picture: info.picture,
      audio: info.sound && { ...soundOf(info.options), sound: info.sound },
      table: tableOf(info.options as TableOptions),
      classes: info.classes,
    },
    (text) => writeLine(options.lines, text),
  );
  checkShape(dataset, info.inputShape);
  return dataset;
}

/** The split that was asked for, as many of its images as were. @throws BitgradError `invalid-option` where there is none */
export function splitOf(
  dataset: Dataset<Examples>,
  name: SplitName,
  limit: number | undefined,
  seed: number,
): Examples {
  const split = dataset[name];
  if (split && split.size > 0) return limitSplit(split, limit, seed);
  throw new BitgradError({
    code: 'invalid-option',
    source: 'cli',
    what: `--split ${name} of ${dataset.name}`,
    got: 'no images',
    next: 'Use another split.',
  });
}

/** @throws BitgradError `shape-mismatch` */
export function checkShape(dataset: Dataset<Examples>, shape: readonly number[]): void {
  if (dataset.shape.join() === shape.join()) return;
  throw new BitgradError({
    code: 'shape-mismatch',
    source: 'cli',
    what: 'images of the data set',
    got: `[${dataset.shape.join(', ')}]`,
    expected: `[${shape.join(', ')}], as the model was trained`,
  });
}
