// A model as files, in the layout of tfjs (model.json, weights.bin), so that any tfjs-layers program can load it.
import type { io as tfio } from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { BitgradError, reasonOf } from '@bitgrad/core';
import { expectModel } from '@bitgrad/layers';

const weightsName = 'weights.bin';
const modelName = 'model.json';

/** The files of a model. */
export const modelFiles = [modelName, weightsName] as const;

function joined(data: ArrayBuffer | ArrayBuffer[]): Uint8Array {
  const parts = [data].flat();
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return bytes;
}

/** The contents of a model's files, latent weights and all, by name. */
export async function modelContents(model: LayersModel): Promise<Record<string, Uint8Array | string>> {
  expectModel('recipe', 'modelContents', model);
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

/**
 * The model of files that {@link modelContents} gave. The classes of its layers come from @bitgrad/layers, its quantizers
 * from the registry.
 * @param folder where they are from, for messages
 * @throws BitgradError `invalid-file`, `unknown-name` for a quantizer that no registered plugin offers
 */
export async function modelOf(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<LayersModel> {
  const [text, weights] = [files.get(modelName)!, files.get(weightsName)!];
  try {
    const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(text));
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
      source: 'recipe',
      what: `model in ${folder} does not load (${reasonOf(cause).split('\n')[0]})`,
      cause,
    });
  }
}
