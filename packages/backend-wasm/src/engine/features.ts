// What the WebAssembly engine here supports, found by validating modules of a few bytes.

/** WebAssembly features that choose the build. */
export interface Features {
  /** WebAssembly itself. */
  wasm: boolean;
  simd: boolean;
  relaxedSimd: boolean;
  /** Shared memory that can be sent to workers: Node, or a cross-origin isolated page. */
  sharedMemory: boolean;
}

/** A module with one function () -> v128 of the given body. */
const accepts = (...body: number[]): boolean =>
  WebAssembly.validate(
    Uint8Array.of(
      0,
      97,
      115,
      109,
      1,
      0,
      0,
      0,
      1,
      5,
      1,
      96,
      0,
      1,
      123,
      3,
      2,
      1,
      0,
      10,
      body.length + 4,
      1,
      body.length + 2,
      0,
      ...body,
      11,
    ),
  );

const zeroVector = [65, 0, 253, 15];

/** Detects the features; see {@link Features}. */
export function detectFeatures(): Features {
  const wasm = typeof WebAssembly === 'object';
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  return {
    wasm,
    simd: wasm && accepts(...zeroVector),
    relaxedSimd: wasm && accepts(...zeroVector, ...zeroVector, 253, 128, 2),
    // Node has no crossOriginIsolated and needs none.
    sharedMemory: wasm && typeof SharedArrayBuffer === 'function' && isolated !== false,
  };
}
