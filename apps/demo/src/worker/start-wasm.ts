// The wasm adapter with the address that the bundler gives to tfjs's file.
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import { wasm } from '@bitgrad/backend-wasm';
import type { BackendAdapter } from '@bitgrad/core';

/** The adapter, not started; `threads` are those of bitgrad's kernels. */
export const wasmAdapter = (threads: number): BackendAdapter =>
  wasm({ wasmPaths: { 'tfjs-backend-wasm-simd.wasm': simdUrl }, threads });
