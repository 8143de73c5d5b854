// Keras: whole models in H5 (version 2), an architecture in JSON with weights in H5, and `.keras` archives.
import { defineImporter, type ReadContext, type SourceFile } from '../../define.js';
import { check } from '../../fail.js';
import type { ImportLimits } from '../../limits.js';
import { isZip, openArchive } from './archive.js';
import { readConfig, type ModelConfig } from './config.js';
import { isHdf5, withHdf5 } from './hdf5.js';
import { readKeras } from './read.js';
import { readWeights, type Weights } from './weights.js';

const isJson = ({ name }: SourceFile): boolean => /\.json$/i.test(name);
const isArchive = ({ name, bytes }: SourceFile): boolean => /\.keras$/i.test(name) && !isHdf5(bytes);
const isWeights = ({ name, bytes }: SourceFile): boolean => /\.(h5|hdf5|keras)$/i.test(name) || isHdf5(bytes);

/** Opens the model that is among the files, and calls back with it. */
export async function withModel<T>(
  files: readonly SourceFile[],
  limits: ImportLimits,
  use: (model: ModelConfig, weights: Weights) => T,
): Promise<T> {
  const [archives, models] = [files.filter(isArchive), files.filter((f) => isWeights(f) && !isArchive(f))];
  check(archives.length + models.length === 1, 'Keras files', files.map(({ name }) => name), 'one model: a .keras file, a .h5 file, or one .json and one .h5 file', 'invalid-option'); // prettier-ignore
  const [archive] = archives;
  if (archive) check(isZip(archive.bytes), `first bytes of ${archive.name}`, [...archive.bytes.subarray(0, 4)], 'the signature of a zip archive'); // prettier-ignore
  const opened = archive && openArchive(archive.bytes, limits);
  return withHdf5(opened?.weights ?? models[0]!.bytes, limits, (file) => {
    const written = opened?.config ?? file.text('/', 'model_config') ?? textOf(files);
    const model = readConfig(written, limits);
    return use(model, readWeights(file, model.layers));
  });
}

/** The architecture in a file of its own. */
function textOf(files: readonly SourceFile[]): string {
  const json = files.filter(isJson);
  check(json.length === 1, 'architecture for the weights', json.map(({ name }) => name), 'one .json file of model.to_json() beside the .h5 file, or a file saved by model.save()', 'invalid-option'); // prettier-ignore
  return new TextDecoder().decode(json[0]!.bytes);
}

/** Keras 2 and 3, with the layers of Larq and of BinaryNet. */
export const keras = defineImporter({
  description: 'Keras models (.keras, .h5, or .json with .h5), of Larq and BinaryNet too',
  accepts: (files) => files.some((f) => isArchive(f) || isWeights(f)),
  read: (files, context: ReadContext) =>
    withModel(files, context.limits, (model, weights) => readKeras(model, weights, context)),
});
