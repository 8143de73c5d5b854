// A folder with a model: written by training or by a program, read by `eval`, `compile` and programs.
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  infoContents,
  infoName,
  infoOf,
  infoOfModel,
  modelContents,
  modelFiles,
  modelOf,
  type ModelAbout,
  type RunInfo,
} from '@bitgrad/recipe';
import { expectText } from '../arguments.js';
import { readCommitted } from './commit.js';
import { nodeStorage } from './storage.js';

/**
 * Saves a model that was trained in code, so that `bitgrad eval`, `compile` and `run` take it; a run that the folder holds
 * is replaced.
 * @param about its classes, normalization and data, as far as they are not the usual
 * @throws BitgradError `invalid-option`, `shape-mismatch`, `io`; `invalid-state` when another process works there
 */
export async function saveModel(model: LayersModel, folder: string, about?: ModelAbout): Promise<void> {
  const info = infoContents(infoOfModel(model, about));
  expectText('folder', folder);
  await nodeStorage.folder(folder, { ...(await modelContents(model)), [infoName]: info });
}

/**
 * The model of a folder, to go on with in code. The classes of its layers come from @bitgrad/layers, its quantizers from the
 * registry.
 * @throws BitgradError `io` when a file is missing, `checksum-mismatch` when one is of another run, `invalid-file` when one
 *   is not what it should be, `unknown-name` for a quantizer that no registered plugin offers
 */
export async function openModel(folder: string): Promise<LayersModel> {
  expectText('folder', folder);
  return modelOf(folder, (await readCommitted(folder, modelFiles)).files);
}

/**
 * Reads bitgrad.json.
 * @throws BitgradError `io` when it is missing, `checksum-mismatch` when it is of another run, `invalid-file` when it is not
 *   what `bitgrad train` wrote
 */
export async function readRunInfo(folder: string): Promise<RunInfo> {
  expectText('folder', folder);
  return infoOf(join(folder, infoName), (await readCommitted(folder, [infoName])).files.get(infoName)!);
}
