// Training on WebAssembly: `wasm()` is the backend adapter.
export { wasm, type WasmOptions } from './training/adapter.js';
