// Training kernels on the heap of the TensorFlow.js wasm backend (imported memory). No static data: the heap is not
// ours to lay out; scratch space is passed in by the caller.
export * from './copy';
export * from './rows';
export * from './outer';
export * from './pool';
export * from './depthwise';
export * from './segment';
export * from './segments';
export * from './elementwise';
export * from './batch-norm';
export * from './optimizer';
export * from './loss';
export * from './binary';
export { look16, look32, look64, packedPanelBytes, packFilterSigns, takeCounts, widen } from './binary-lookup';
export { addEntries, addNarrow, pickEntries, signBytes, signedOuter, signedOuterScratch, subtractBorder, tabulate, tabulateNarrow } from './signed-outer';
export { addPairs, pairSums, pickPairs, smallSums } from './signed-deep';
export * from './signed-rows';
export * from './attention';
export * from './layer-norm';
