// What a worker thread is and runs.

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
    const { exports: engine } = await WebAssembly.instantiate(module, { env: { memory } });
    port.postMessage('ready');
    engine.work(thread);
  } catch (error) {
    port.postMessage(String(error));
  }
  port.close();
};
if (node) node.once('message', start);
else onmessage = ({ data }) => start(data);`;
