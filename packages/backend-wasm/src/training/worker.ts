// Starting a worker thread in Node or in a browser, from a few lines of code that need no file of their own.
import type * as WorkerThreads from 'node:worker_threads';
import { BitgradError, within } from '@bitgrad/core';
import { builtinModule } from '../host.js';
import { serveSource } from './board.js';

/** What a worker gets at its start. */
export interface WorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Of the board. */
  readonly buffer: SharedArrayBuffer;
}

/** A running worker. */
export interface WorkerHandle {
  terminate(): void;
}

const nodeCode = `${serveSource}
const { parentPort, workerData } = require('node:worker_threads');
serve(workerData, () => parentPort.postMessage('ready'));`;

const browserCode = `${serveSource}
onmessage = ({ data }) => serve(data, () => postMessage('ready'));`;

const unavailable = (why: unknown): BitgradError => {
  const reason = why instanceof Error ? why.message : typeof why === 'string' ? why : '';
  return new BitgradError({
    code: 'backend-unavailable',
    source: 'backend-wasm',
    what: `a worker thread cannot be started${reason && ` (${reason})`}`,
    next: 'A page needs `worker-src blob:` in its content security policy; wasm({ threads: 1 }) does without workers.',
    cause: why,
  });
};

const workerThreads = () => builtinModule<typeof WorkerThreads>('node:worker_threads');

/** Cores that threads may use. */
export function availableCores(): number {
  const os = builtinModule<{ availableParallelism(): number }>('node:os');
  return os ? os.availableParallelism() : (globalThis.navigator?.hardwareConcurrency ?? 1);
}

/** Why threads cannot be used here; empty when they can. */
export function threadObstacle(): string {
  if (typeof SharedArrayBuffer === 'undefined')
    return 'SharedArrayBuffer is missing: the page is not cross-origin isolated';
  if (!workerThreads() && typeof Worker === 'undefined') return 'there are no workers here';
  return '';
}

/**
 * Starts a worker and waits until it listens, at most `limitMs`.
 * @throws BitgradError `backend-unavailable` with the reason
 */
export async function startWorker(data: WorkerData, limitMs: number): Promise<WorkerHandle> {
  const threads = workerThreads();
  const { handle, ready } = threads ? startNodeWorker(threads, data) : startBrowserWorker(data);
  try {
    await within(limitMs, ready, () => unavailable(`no answer within ${limitMs / 1000} s`));
  } catch (error) {
    handle.terminate();
    throw error;
  }
  return handle;
}

/** A worker, and a promise that settles when it listens or fails. */
interface Starting {
  readonly handle: WorkerHandle;
  readonly ready: Promise<void>;
}

function startNodeWorker(threads: typeof WorkerThreads, data: WorkerData): Starting {
  const worker = new threads.Worker(nodeCode, { eval: true, workerData: data, execArgv: [] });
  const ready = new Promise<void>((resolve, reject) => {
    worker.once('error', (cause) => reject(unavailable(cause)));
    worker.once('exit', () => reject(unavailable('it ended at once')));
    worker.once('message', () => {
      // The process may end while the worker waits for work.
      worker.unref();
      resolve();
    });
  });
  return { handle: { terminate: () => void worker.terminate() }, ready };
}

function startBrowserWorker(data: WorkerData): Starting {
  const url = URL.createObjectURL(new Blob([browserCode], { type: 'text/javascript' }));
  let worker: Worker;
  try {
    worker = new Worker(url);
  } catch (cause) {
    URL.revokeObjectURL(url);
    throw unavailable(cause);
  }
  const ready = new Promise<void>((resolve, reject) => {
    worker.onerror = (event) => reject(unavailable(event.message));
    worker.onmessage = () => resolve();
  }).finally(() => URL.revokeObjectURL(url));
  worker.postMessage(data);
  return { handle: { terminate: () => worker.terminate() }, ready };
}
