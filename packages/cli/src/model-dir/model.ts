// A model in a folder, in the layout of tfjs (model.json, weights.bin), so that any tfjs-layers program can load it.
import type { io as tfio } from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, reasonOf } from '@bitgrad/core';
import { expectModel } from '@bitgrad/layers';
import { expectText } from '../arguments.js';
import { commitFiles, readCommitted } from './commit.js';

const weightsName = 'weights.bin';
const modelName = 'model.json';

/** The files of a model. */
export const modelFiles = [modelName, weightsName] as const;

const joined = (data: ArrayBuffer | ArrayBuffer[]): Uint8Array =>
  Buffer.concat((Array.isArray(data) ? data : [data]).map((part) => new Uint8Array(part)));

/** The contents of a model's files, latent weights and all, by name. */
export async function modelContents(model: LayersModel): Promise<Record<string, Uint8Array | string>> {
  let files: Record<string, Uint8Array | string> = {};
  await model.save({
    async save(artifacts: tfio.ModelArtifacts): Promise<tfio.SaveResult> {
      const { modelTopology, format, generatedBy, convertedBy, weightSpecs, weightData } = artifacts;
      const manifest = [{ paths: [weightsName], weights: weightSpecs }];
      const json = { modelTopology, format, generatedBy, convertedBy, weightsManifest: manifest };
      files = { [weightsName]: joined(weightData as ArrayBuffer), [modelName]: JSON.stringify(json) };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  return files;
}

/** Saves a model alone; a run that the folder holds is replaced. */
export async function saveModel(model: LayersModel, folder: string): Promise<void> {
  expectModel('cli', 'saveModel', model);
  expectText('folder', folder);
  await commitFiles(folder, await modelContents(model));
}

/**
 * Loads a model from a folder. The classes of its layers come from @bitgrad/layers, its quantizers from the registry.
 * @throws BitgradError `io` when a file is missing, `checksum-mismatch` when one is of another run, `invalid-file` when one
 *   is not what it should be, `unknown-name` for a quantizer that no registered plugin offers
 */
export async function loadModel(folder: string): Promise<LayersModel> {
  expectText('folder', folder);
  return modelOf(folder, (await readCommitted(folder, modelFiles)).files);
}

/** The model of files that {@link readCommitted} has read from a folder. */
export async function modelOf(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<LayersModel> {
  const [text, weights] = [files.get(modelName)!, files.get(weightsName)!];
  try {
    const { modelTopology, weightsManifest } = JSON.parse(Buffer.from(text).toString('utf8'));
    const weightSpecs = (weightsManifest as { weights: tfio.WeightsManifestEntry[] }[]).flatMap(
      (g) => g.weights,
    );
    const weightData = weights.buffer.slice(
      weights.byteOffset,
      weights.byteOffset + weights.length,
    ) as ArrayBuffer;
    return await loadLayersModel({
      load: () => Promise.resolve({ modelTopology, weightSpecs, weightData }),
    });
  } catch (cause) {
    if (cause instanceof BitgradError) throw cause;
    throw new BitgradError({
      code: 'invalid-file',
      source: 'cli',
      what: `model in ${folder} does not load (${reasonOf(cause).split('\n')[0]})`,
      cause,
    });
  }
}
