// The engines that the Draw page can run a packed model on: a table, each loaded when it is chosen. A row without an
// engine says why.
import type { Engine } from '@bitgrad/runtime';

/** A way to run the model. */
export interface EngineChoice {
  readonly id: string;
  readonly label: string;
  /** Threads to ask for. */
  readonly threads: number;
  /** Loads the engine's code. */
  load(): Promise<Engine>;
  /** Why it cannot run here whatever the engine itself says; undefined when it may. */
  blocked?(): string | undefined;
}

const threads = Math.max(2, Math.min(4, navigator.hardwareConcurrency || 2));

const wasm = async (): Promise<Engine> => (await import('@bitgrad/backend-wasm/engine')).wasmEngine();

/** One engine object for all models: GPU engines share a device or context among theirs. */
const once = (make: () => Promise<Engine>): (() => Promise<Engine>) => {
  let made: Promise<Engine> | undefined;
  return () => (made ??= make());
};

/** In the order shown; the first that is available is the default. */
export const engineChoices: readonly EngineChoice[] = [
  { id: 'wasm', label: 'WebAssembly', threads: 1, load: wasm },
  {
    id: 'wasm-threads',
    label: `WebAssembly, ${threads} threads`,
    threads,
    load: wasm,
    blocked: () =>
      crossOriginIsolated
        ? undefined
        : 'threads need shared memory, and that a page served with the headers COOP and COEP',
  },
  {
    id: 'js',
    label: 'JavaScript',
    threads: 1,
    load: async () => (await import('./js-engine.js')).jsEngine(),
  },
  {
    id: 'webgpu',
    label: 'WebGPU',
    threads: 1,
    load: once(async () => (await import('@bitgrad/backend-webgpu/engine')).webgpuEngine()),
  },
  {
    id: 'webgl',
    label: 'WebGL2',
    threads: 1,
    load: once(async () => (await import('@bitgrad/backend-webgl/engine')).webglEngine()),
  },
];

/** Whether a choice can run here. */
export interface Availability {
  readonly available: boolean;
  readonly reason?: string;
}

/** Asks an engine whether it can run here, without starting it. */
export async function probe(choice: EngineChoice): Promise<Availability> {
  const reason = choice.blocked?.();
  if (reason) return { available: false, reason };
  try {
    const result = await (await choice.load()).probe();
    return { available: result.available, ...(result.reason && { reason: result.reason }) };
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
