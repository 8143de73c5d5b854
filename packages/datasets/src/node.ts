// The Node entry: data sets from folders, by a short text or directly.
export { decodeImage } from './node/decode.js';
export { getData, type GetOptions, type GetProgress, type GetResult, type GotFile } from './node/get/get.js';
export { listSources, type NamedSource } from './node/get/sources.js';
export { loadImageFolder, type FolderOptions } from './node/folder.js';
export { loadSounds, readRecording, type SoundFolderOptions } from './node/sounds.js';
export { defaultMaxPixels } from './node/limits.js';
export type { DataSpec } from './load.js';
export type { LoadProgress } from './define.js';
export { loadDataset, nodeDatasetsPlugin, parseDataSpec, type LoadOptions } from './node/load.js';
export { readImage } from './node/read.js';
