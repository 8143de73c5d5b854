// A training backend: starts a tfjs backend and adds or replaces the kernels that training needs.
import type { JsonObject } from './context.js';

/** What is there, without starting anything that cannot be undone. */
export interface BackendProbe {
  readonly available: boolean;
  /** Why not, and how to get it; empty when available. */
  readonly reason: string;
  /** Facts such as `{ simd: true, threads: 2, renderer: '...' }`. */
  readonly features: JsonObject;
}

/** What a backend can do, as data: shared code branches on this, never on a name. */
export interface BackendCapabilities {
  /** Conv nets train on it. */
  readonly trainsConvolutions: boolean;
  /** Own fused kernels, by the names of `kernelNames` in ops/kernels.ts. */
  readonly fusedKernels: readonly string[];
  /** `dataSync` works. */
  readonly synchronousReads: boolean;
}

/** How often each own kernel ran since the start; a fused path that did not run shows 0. */
export type KernelReport = Readonly<Record<string, number>>;

/** A training backend adapter: a plain object made by a factory such as `wasm()`. */
export interface BackendAdapter {
  readonly name: string;
  readonly capabilities: BackendCapabilities;
  probe(): Promise<BackendProbe>;
  /** Makes this the active tfjs backend, with its kernels registered. Starting twice is allowed. */
  start(): Promise<void>;
  /** Which own kernels ran, and how often. */
  report(): KernelReport;
  /** Takes back every kernel it registered or replaced. Calling it twice is allowed. */
  dispose(): Promise<void>;
}
