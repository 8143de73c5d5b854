// Worker threads of an executable: each instantiates the module on the shared memory and then stays inside it,
// joining every run (assembly/engine/index.ts). Browsers and Node have different workers; the source is the same.
import { within } from '@bitgrad/bits';
import { failure } from './errors.js';
import { builtinModule } from './features.js';

/** What a worker receives as its first and only message. */
export interface WorkerTask {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  thread: number;
}

/** The part of `Worker` (or of Node's) that is used. */
export interface WorkerLike {
  postMessage(task: WorkerTask): void;
  terminate(): unknown;
  /** Node: do not keep the process alive. */
  unref?(): void;
  onmessage?: ((event: unknown) => void) | null;
  onerror?: ((event: { message?: string }) => void) | null;
  on?(event: string, listener: (value: unknown) => void): unknown;
}

/**
 * Source of the worker, a classic script that needs no other file. Pages whose content security policy forbids
 * `blob:` workers serve it themselves and pass `createWorker`.
 */
export const workerSource = `const node = globalThis.process?.getBuiltinModule?.('node:worker_threads').parentPort;
const port = node || self;
const start = async ({ module, memory, thread }) => {
  try {
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    port.postMessage('ready');
    exports.work(thread);
  } catch (error) {
    port.postMessage(String(error));
  }
  port.close();
};
if (node) node.once('message', start);
else onmessage = ({ data }) => start(data);`;

interface NodeWorkers {
  Worker: new (source: string, options: { eval: boolean }) => WorkerLike;
}

const nodeWorkers = (): NodeWorkers | undefined => builtinModule<NodeWorkers>('node:worker_threads');

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

/** Why workers cannot be started here, or undefined. */
export function workersUnavailable(): string | undefined {
  return nodeWorkers() || typeof Worker === 'function' ? undefined : 'there are no workers here';
}

/** Settles with the worker's first sign of life: it is ready, or says why not. */
const started = (worker: WorkerLike, task: WorkerTask): Promise<void> =>
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

/**
 * Threads 1 to `threads` - 1, ready to work.
 * @param limitMs a worker that says nothing for so long has failed
 * @throws BitgradError `backend-unavailable` with the reason; no worker is left then
 */
export async function startWorkers(
  threads: number,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  create: () => WorkerLike,
  limitMs: number,
): Promise<WorkerLike[]> {
  const workers: WorkerLike[] = [];
  try {
    for (let thread = 1; thread < threads; thread++) workers.push(create());
    const ready = workers.map((worker, i) => started(worker, { module, memory, thread: i + 1 }));
    await within(limitMs, Promise.all(ready), () => new Error(`silent for ${limitMs} ms`));
  } catch (cause) {
    stopWorkers(workers);
    throw failure('backend-unavailable', 'worker thread did not start', {
      got: (cause as Error | undefined)?.message ?? cause,
      next: 'A content security policy needs `worker-src blob:`, or pass `createWorker`.',
      cause,
    });
  }
  for (const worker of workers) worker.unref?.();
  return workers;
}

/** Ends the workers. */
export const stopWorkers = (workers: readonly WorkerLike[]): void => {
  for (const worker of workers) void worker.terminate();
};
