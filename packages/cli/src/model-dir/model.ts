// A model in a folder, in the layout of tfjs (model.json, weights.bin), so that any tfjs-layers program can load it.
import { join } from 'node:path';
import type { io as tfio } from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';
import { ensureFolder, readIfThere, writeAtomically } from './atomic.js';

const weightsName = 'weights.bin';
const modelName = 'model.json';

const joined = (data: ArrayBuffer | ArrayBuffer[]): Uint8Array =>
  Buffer.concat((Array.isArray(data) ? data : [data]).map((part) => new Uint8Array(part)));

/** Saves a model, latent weights and all. The weights first: a model.json always has its weights beside it. */
export async function saveModel(model: LayersModel, folder: string): Promise<void> {
  await ensureFolder(folder);
  await model.save({
    async save(artifacts: tfio.ModelArtifacts): Promise<tfio.SaveResult> {
      const { modelTopology, format, generatedBy, convertedBy, weightSpecs, weightData } = artifacts;
      const manifest = [{ paths: [weightsName], weights: weightSpecs }];
      await writeAtomically(join(folder, weightsName), joined(weightData as ArrayBuffer));
      const json = { modelTopology, format, generatedBy, convertedBy, weightsManifest: manifest };
      await writeAtomically(join(folder, modelName), JSON.stringify(json));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
}

/**
 * Loads a model from a folder. The classes of its layers come from @bitgrad/layers, its quantizers from the registry.
 * @throws BitgradError `io` when a file is missing, `invalid-file` when one is not what it should be, `unknown-name` for a
 *   quantizer that no registered plugin offers
 */
export async function loadModel(folder: string): Promise<LayersModel> {
  const [text, weights] = await Promise.all([readIfThere(join(folder, modelName)), readIfThere(join(folder, weightsName))]); // prettier-ignore
  if (!text || !weights)
    throw new BitgradError({
      code: 'io',
      source: 'cli',
      what: `${join(folder, text ? weightsName : modelName)} is missing`,
      next: 'Give a folder that `bitgrad train --out` has written.',
    });
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
      what: `model in ${folder} does not load (${(cause as Error).message.split('\n')[0]})`,
      cause,
    });
  }
}
