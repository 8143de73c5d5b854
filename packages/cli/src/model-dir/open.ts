// A trained run for the commands that read one: its model with the quantizers it names, and the data it belongs to.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';
import type { Dataset } from '@bitgrad/datasets';
import { setClock } from '@bitgrad/layers';
import { openData, pictureShape, type DataOptions } from '../data.js';
import { loadModel } from './model.js';
import type { RunInfo } from './runInfo.js';

/**
 * Loads a run's model at the clock where training stopped. A backend must have been started, plugins registered.
 * @param named whether plugins were named on the command line
 * @throws BitgradError as {@link loadModel}; for an unknown quantizer it names the plugins of the training
 */
export async function openRun(path: string, info: RunInfo, named: boolean): Promise<LayersModel> {
  const model = await loadModel(path).catch((cause) => {
    // A saved name is not a reason to run code: what was loaded for training must be named again.
    if (!(cause instanceof BitgradError) || cause.code !== 'unknown-name' || named) throw cause;
    const plugins = info.plugins.map((plugin) => `--plugin ${plugin}`).join(' ');
    throw new BitgradError({
      code: 'unknown-name',
      source: 'cli',
      what: cause.message.replace(/^\[[^\]]*\] /, '').replace(/\.? Register the plugin.*$/s, ''),
      next: plugins ? `The model was trained with ${plugins}.` : 'Name its plugin with --plugin.',
      cause,
    });
  });
  setClock(model, info.clock);
  return model;
}

/** Which data of a run is wanted. */
export interface RunDataOptions {
  readonly data?: string;
  readonly split: string;
  readonly limit?: number;
  /** Where lines for people go. */
  readonly lines: NodeJS.WritableStream;
}

/**
 * The data a model is evaluated on: by default what it was trained on, with the same limits. Pictures are made as for the
 * training, its seed holds out the same ones, and labels are matched by the names of the classes.
 * @throws BitgradError as `openData`; `shape-mismatch` when images are not those of the training
 */
export async function openRunData(info: RunInfo, options: RunDataOptions): Promise<Dataset> {
  const { data, limit, testLimit, seed } = info.options as unknown as DataOptions;
  const same = options.data === undefined || options.data === data;
  // Of the split that nobody asked for one image is enough.
  const count = (split: string, saved?: number): number | undefined =>
    options.split === split ? (options.limit ?? (same ? (saved ?? undefined) : undefined)) : 1;
  const dataset = await openData(
    {
      data: options.data ?? data,
      seed,
      limit: count('train', limit),
      testLimit: count('test', testLimit),
      shape: pictureShape(info.inputShape),
      picture: info.picture,
      classes: info.classes,
    },
    options.lines,
  );
  checkShape(dataset, info.inputShape);
  return dataset;
}

/** @throws BitgradError `shape-mismatch` */
export function checkShape(dataset: Dataset, shape: readonly number[]): void {
  if (dataset.shape.join() === shape.join()) return;
  throw new BitgradError({
    code: 'shape-mismatch',
    source: 'cli',
    what: 'images of the data set',
    got: `[${dataset.shape.join(', ')}]`,
    expected: `[${shape.join(', ')}], as the model was trained`,
  });
}
