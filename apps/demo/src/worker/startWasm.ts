// Starts tfjs's wasm backend in a worker, with bitgrad's kernels. Its own threads stay off: they would be started from
// a blob that evaluates strings, which the page's content security policy forbids.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import { wasm } from '@bitgrad/backend-wasm';
import type { BackendAdapter } from '@bitgrad/core';

/** tfjs wants to know all three files; without threads, and with SIMD as the adapter demands, it asks for one. */
const wasmPaths = {
  'tfjs-backend-wasm.wasm': simdUrl,
  'tfjs-backend-wasm-simd.wasm': simdUrl,
  'tfjs-backend-wasm-threaded-simd.wasm': simdUrl,
};

/** The adapter, not started. */
export function wasmAdapter(): BackendAdapter {
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  return wasm({ wasmPaths });
}

/** Starts it as the active backend. */
export const startWasm = (): Promise<void> => wasmAdapter().start();
