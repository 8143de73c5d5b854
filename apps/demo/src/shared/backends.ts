// The backends that a run can train on, as the form lists them. What can run is asked in the worker, where it would.

/** Most threads that training asks for: beyond, waking them costs more than they bring. */
const mostThreads = 8;

/** Threads of `wasm-threads`: one a core. */
export const trainingThreads = Math.max(2, Math.min(mostThreads, navigator.hardwareConcurrency || 2));

/** In the order shown. */
export const backendChoices = [
  { id: 'wasm', label: 'WebAssembly' },
  { id: 'wasm-threads', label: `WebAssembly, ${trainingThreads} threads` },
  { id: 'webgpu', label: 'WebGPU' },
  { id: 'webgl', label: 'WebGL2' },
  { id: 'cpu', label: 'JavaScript (slow)' },
] as const;

/** Identifies a backend with its threads. */
export type BackendId = (typeof backendChoices)[number]['id'];

/** Whether a backend can run here. */
export interface BackendState {
  readonly id: BackendId;
  readonly available: boolean;
  /** Why not; or what to expect of it. Empty when there is nothing to say. */
  readonly reason: string;
}
