// The Node entry: data sets from folders, by a short text or directly.
export { decodeImage } from './node/decode.js';
export { loadImageFolder, type FolderOptions, type LoadProgress } from './node/folder.js';
export { defaultMaxPixels } from './node/limits.js';
export {
  dataKinds,
  loadDataset,
  parseDataSpec,
  type DataKind,
  type DataSpec,
  type LoadOptions,
} from './node/load.js';
export { readImage } from './node/read.js';
