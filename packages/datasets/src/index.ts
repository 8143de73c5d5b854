// The browser-safe entry: data sets from bytes in memory, `digits`, and batches. Reading folders is in `./node`.
export { augmentationRule, cropModes, type Augmentation, type CropMode, type Erasing } from './augment.js';
export { batchCount, batches, epochOrder, type Batch, type BatchOptions } from './batches.js';
export { checkLabels, checkSplit } from './check.js';
export { defaultMaxBytes, type FileInput, type FileLimits } from './bytes.js';
export {
  datasetFromCifarFiles,
  parseCifar,
  type CifarFiles,
  type CifarKind,
  type CifarOptions,
} from './cifar.js';
export { datasetFromCsv, type TableOptions } from './csv.js';
export {
  createExamples,
  createSplit,
  holdOut,
  limitSplit,
  selectImages,
  type Dataset,
  type ExampleParts,
  type Examples,
  type FurtherInput,
  type ImageShape,
  type LabelKind,
  type Split,
} from './dataset.js';
export {
  defineDataset,
  type CommonLoadOptions,
  type DatasetDefinition,
  type LoadProgress,
} from './define.js';
export {
  createDigits,
  digitsSplit,
  drawDigit,
  type DigitPosition,
  type DigitsOptions,
  type SplitName,
} from './digits/digits.js';
export {
  datasetFromImages,
  resizeImage,
  splitFromImages,
  type ImageOptions,
  type LabelledImage,
  type RgbaImage,
} from './images.js';
export { mapLabels } from './labels.js';
export {
  arrangePictures,
  type Arrangement,
  type ArrangeOptions,
  type Item as PictureItem,
} from './layout.js';
export {
  datasetTakes,
  listDatasets,
  loadDataset,
  parseDataSpec,
  type DatasetInfo,
  type DataSpec,
} from './load.js';
export { parseIdx, type IdxArray } from './idx.js';
export { datasetFromMnistFiles, splitFromIdx, type MnistFiles, type MnistOptions } from './mnist.js';
export {
  measureNormalization,
  normalizationRule,
  normalizationTable,
  symmetricNormalization,
  unitNormalization,
  type Normalization,
} from './normalization.js';
export { datasetsPlugin } from './plugin.js';
export { datasetFromSounds, type LabelledSound, type SoundExampleOptions } from './sound/examples.js';
export { speakersOf } from './sound/names.js';
export { createNoise, noiseKinds, type NoiseKind } from './sound/noises.js';
export { readWav, type Recording } from './sound/wav.js';
export type { DataSource, PublishedSum, RemoteFile } from './source.js';
