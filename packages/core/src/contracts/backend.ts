// A training backend: starts a tfjs backend and adds or replaces the kernels that training needs.
import type { RunsHere } from '@bitgrad/bits';

/** What a backend can do, as data: shared code branches on this, never on a name. */
export interface BackendCapabilities {
  /** Own fused kernels, by the names of `kernelNames` in ops/kernels.ts. */
  readonly fusedKernels: readonly string[];
  /** Tensors are in the memory of a GPU: `dataSync` waits for it, and on WebGPU works in pages only. */
  readonly gpu: boolean;
}

/** How often each own kernel ran since the start; a fused path that did not run shows 0. */
export type KernelReport = Readonly<Record<string, number>>;

/** A training backend adapter: a plain object made by a factory such as `wasm()`. */
export interface BackendAdapter extends RunsHere {
  readonly capabilities: BackendCapabilities;
  /** Makes this the active tfjs backend, with its kernels registered. Starting twice is allowed. */
  start(): Promise<void>;
  /** Which own kernels ran, and how often. */
  report(): KernelReport;
  /** Takes back every kernel it registered or replaced. Calling it twice is allowed. */
  dispose(): Promise<void>;
}
