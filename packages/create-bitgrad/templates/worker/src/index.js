// POST 28 x 28 grey bytes, light on dark; the answer is JSON. WebAssembly is compiled ahead of time here: the module of the
// engine is a file that wrangler bundles.
import simd from '@bitgrad/backend-wasm/simd.wasm';
import { answer, loadNetwork } from './classify.js';

let loading;

export default {
  /** One network for all requests of this worker; a failure is not kept. */
  async fetch(request) {
    loading ??= loadNetwork(simd);
    loading.catch(() => (loading = undefined));
    return answer(request, await loading);
  },
};
