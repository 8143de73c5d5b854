// A module of its own, so that a bundler puts the engine into a file of its own.
export { wasmEngine } from '@bitgrad/backend-wasm/engine';
