// The runtime and this engine in one file without any import, also none for later: for classic workers, service workers, and
// pages that have no bundler.
export * from '@bitgrad/runtime';
export * from './engine/index.js';
