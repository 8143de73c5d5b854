// The Node entry: data sets from folders, by a short text or directly.
export { decodeImage, defaultMaxPixels } from './node/decode.js';
export { loadImageFolder, type FolderOptions } from './node/folder.js';
export {
  dataKinds,
  loadDataset,
  parseDataSpec,
  type DataKind,
  type DataSpec,
  type LoadOptions,
} from './node/load.js';
