// Starting a worker thread in Node or in a browser, from a few lines of code that need no file of their own.
import type * as WorkerThreads from 'node:worker_threads';
import { BitgradError } from '@bitgrad/core';

/** What a worker gets at its start. */
export interface WorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** See pool.ts: state, function, count, result, arguments. */
  readonly mailbox: Int32Array;
}

/** A running worker. */
export interface WorkerHandle {
  terminate(): void;
}

/** The worker's loop; `data` is its WorkerData, `ready` tells that it listens. The states are those of pool.ts. */
const loop = `
const serve = ({ module, memory, mailbox }, ready) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const functions = WebAssembly.Module.exports(module).map(({ name }) => exports[name]);
  ready();
  for (;;) {
    const state = Atomics.load(mailbox, 0);
    if (state === 4) return;
    if (state !== 1) {
      Atomics.wait(mailbox, 0, state);
      continue;
    }
    let outcome = 2;
    try {
      mailbox[3] = functions[mailbox[1]](...mailbox.subarray(4, 4 + mailbox[2]));
    } catch {
      outcome = 3;
    }
    Atomics.store(mailbox, 0, outcome);
    Atomics.notify(mailbox, 0);
  }
};`;

const nodeCode = `${loop}
const { parentPort, workerData } = require('node:worker_threads');
serve(workerData, () => parentPort.postMessage('ready'));`;

const browserCode = `${loop}
onmessage = ({ data }) => serve(data, () => postMessage('ready'));`;

const unavailable = (cause: unknown): BitgradError =>
  new BitgradError({
    code: 'backend-unavailable',
    source: 'backend-wasm',
    what: 'a worker thread cannot be started',
    next: 'Start the backend with wasm({ threads: 1 }).',
    cause,
  });

/** The worker_threads module in Node, undefined elsewhere; no import, so that bundlers for browsers do not look for it. */
export const workerThreads = (): typeof WorkerThreads | undefined =>
  typeof process === 'object' && typeof process.getBuiltinModule === 'function'
    ? process.getBuiltinModule('node:worker_threads')
    : undefined;

/** Cores that threads may use. */
export function availableCores(): number {
  if (typeof process === 'object' && typeof process.getBuiltinModule === 'function')
    return process.getBuiltinModule('node:os').availableParallelism();
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** Why threads cannot be used here; empty when they can. */
export function threadObstacle(): string {
  if (typeof SharedArrayBuffer === 'undefined')
    return 'SharedArrayBuffer is missing: the page is not cross-origin isolated';
  if (!workerThreads() && typeof Worker === 'undefined') return 'there are no workers here';
  return '';
}

/** Starts a worker and waits until it listens. */
export function startWorker(data: WorkerData): Promise<WorkerHandle> {
  const threads = workerThreads();
  return threads ? startNodeWorker(threads, data) : startBrowserWorker(data);
}

function startNodeWorker(threads: typeof WorkerThreads, data: WorkerData): Promise<WorkerHandle> {
  const worker = new threads.Worker(nodeCode, { eval: true, workerData: data, execArgv: [] });
  return new Promise((resolve, reject) => {
    worker.once('error', (cause) => reject(unavailable(cause)));
    worker.once('message', () => {
      // The process may end while the worker waits for work.
      worker.unref();
      resolve({ terminate: () => void worker.terminate() });
    });
  });
}

function startBrowserWorker(data: WorkerData): Promise<WorkerHandle> {
  return new Promise((resolve, reject) => {
    const url = URL.createObjectURL(new Blob([browserCode], { type: 'text/javascript' }));
    const worker = new Worker(url);
    worker.onerror = (event) => reject(unavailable(event.message));
    worker.onmessage = () => {
      URL.revokeObjectURL(url);
      resolve({ terminate: () => worker.terminate() });
    };
    worker.postMessage(data);
  });
}
