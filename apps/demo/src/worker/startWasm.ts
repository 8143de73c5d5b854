// Starts tfjs's wasm backend in a worker, with bitgrad's kernels, which have threads of their own. Those of tfjs stay
// off: they import a script from a blob, which the page's content security policy forbids.
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

/** The adapter, not started; `threads` are those of bitgrad's kernels. */
export function wasmAdapter(threads: number): BackendAdapter {
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  return wasm({ wasmPaths, threads });
}
