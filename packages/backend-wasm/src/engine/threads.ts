// Worker threads of an executable: each instantiates the module on the shared memory and then stays inside it,
// joining every run (assembly/engine/index.ts). Browsers and Node have different workers; the source is the same.
// Loaded where there are several threads; it imports nothing that the rest of the engine has, so that bundlers keep it apart.
import type { within } from '@bitgrad/bits';
import type { failure } from './errors.js';
import type { Features } from './features.js';
import type { GivenModule } from './given-module.js';
import type { EngineExports } from './module.js';
import { Shared } from './words.js';
import { workerSource, type WorkerLike } from './worker.js';

export { workerSource };

interface NodeWorkers {
  Worker: new (source: string, options: { eval: boolean }) => WorkerLike;
}

/** Node's workers, or those of a runtime that is like it. */
const nodeWorkers = (): NodeWorkers | undefined =>
  (globalThis as { process?: { getBuiltinModule?(name: string): NodeWorkers } }).process?.getBuiltinModule?.(
    'node:worker_threads',
  );

/** Starts a worker from {@link workerSource}, in a page or in Node. */
export function createInlineWorker(): WorkerLike {
  const node = nodeWorkers();
  if (node) return new node.Worker(workerSource, { eval: true });
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  try {
    return new Worker(url) as unknown as WorkerLike;
  } finally {
    // The fetch of a blob URL has begun when the constructor returns.
    URL.revokeObjectURL(url);
  }
}

/** Why a build cannot run on several threads here, or undefined. */
export function threadsUnavailable(
  variant: string,
  { sharedMemory }: Features,
  given?: GivenModule,
): string | undefined {
  if (variant === 'scalar') return 'the scalar build has no threads';
  if (given && !given.shared)
    return `the given module is for one thread; ${variant}-threads.wasm is for several`;
  if (!sharedMemory) return 'shared memory needs a cross-origin isolated page';
  return nodeWorkers() || typeof Worker === 'function' ? undefined : 'there are no workers here';
}

/** Settles with the worker's first sign of life: it is ready, or says why not. */
const started = (worker: WorkerLike, task: Parameters<WorkerLike['postMessage']>[0]): Promise<void> =>
  new Promise((resolve, reject) => {
    const take = (message: unknown): void => (message === 'ready' ? resolve() : reject(message));
    if (worker.on) {
      worker.on('message', take);
      worker.on('error', reject);
      worker.on('exit', () => reject('exit'));
    } else {
      worker.onmessage = (event) => take((event as { data?: unknown }).data);
      worker.onerror = reject;
    }
    worker.postMessage(task);
  });

/** The workers of an executable. */
export interface Crew {
  /** Whether this thread may sleep in Atomics.wait: not the main thread of a page. */
  readonly maySleep: boolean;
  stop(): void;
  /**
   * The same program on one thread, after a worker was lost: on a copy of the memory, as a worker that is not lost but slow
   * may still write to the old one.
   * @param allocate as that of the executable
   */
  alone(
    instance: { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory },
    allocate: (bytes: number, shared: boolean) => WebAssembly.Memory,
  ): { engine: EngineExports; memory: WebAssembly.Memory; reason: string; next: string };
}

/** Whether this thread may sleep in Atomics.wait. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** How a crew is started. */
export interface CrewOptions {
  readonly threads: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly createWorker?: () => WorkerLike;
  /** How long the workers' first sign of life may take. */
  readonly startMs: number;
  // What the engine has already: imported here too, bundlers would put it in a file of its own.
  readonly within: typeof within;
  readonly failure: typeof failure;
}

/**
 * Threads 1 to `threads` - 1, ready to work.
 * @throws BitgradError `backend-unavailable` with the reason why a worker does not start; none is left then
 */
export async function startCrew({
  threads,
  module,
  memory,
  createWorker = createInlineWorker,
  startMs,
  within,
  failure,
}: CrewOptions): Promise<Crew> {
  const workers: WorkerLike[] = [];
  const stop = (): void => workers.forEach((worker) => void worker.terminate());
  try {
    for (let thread = 1; thread < threads; thread++) workers.push(createWorker());
    const ready = workers.map((worker, i) => started(worker, { module, memory, thread: i + 1 }));
    await within(startMs, Promise.all(ready), () => new Error(`silent for ${startMs} ms`));
  } catch (cause) {
    stop();
    throw failure('backend-unavailable', {
      what: 'worker thread did not start',
      // The event of a worker that was refused says nothing.
      got: typeof cause === 'string' ? cause : (cause as Error | undefined)?.message || 'no reason',
      next: 'A content security policy needs `worker-src blob:`, or pass `createWorker`.',
      cause,
    });
  }
  for (const worker of workers) worker.unref?.();
  return {
    maySleep: maySleep(),
    stop,
    alone({ module: same, memory: { buffer } }, allocate) {
      stop();
      const fresh = allocate(buffer.byteLength, true);
      new Uint8Array(fresh.buffer).set(new Uint8Array(buffer));
      const words = new Int32Array(fresh.buffer);
      [words[Shared.arrived], words[Shared.tile], words[Shared.threads]] = [0, 0, 1];
      const { exports } = new WebAssembly.Instance(same, { env: { memory: fresh } });
      return {
        engine: exports as unknown as EngineExports,
        memory: fresh,
        reason: 'a worker thread was lost during a run',
        next: 'Run again: from now on it is one thread.',
      };
    },
  };
}
