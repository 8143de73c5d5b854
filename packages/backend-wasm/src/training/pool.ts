// Worker threads that run functions of the kernel module on a shared memory, together with the calling thread. Works in Node (worker_threads) and in pages and workers with SharedArrayBuffer, that is, with
// cross-origin isolation.
import { createBoard, most } from './board.js';
import type { Call, Runner } from './calls.js';
import { compileModule, instantiate, localRunner } from './module.js';
import { startWorker, type WorkerHandle } from './worker.js';

/** Threads on one memory. */
export interface ThreadPool extends Runner {
  dispose(): void;
}

/**
 * Starts `threads - 1` workers on a shared memory.
 * @param startMs how long a worker may take to start
 * @throws BitgradError `backend-unavailable` when workers cannot be started here, or do not answer
 */
export async function createThreadPool(
  threads: number,
  memory: WebAssembly.Memory,
  startMs: number,
): Promise<ThreadPool> {
  const module = await compileModule(true);
  const own = localRunner(await instantiate(module, memory), memory);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name as Call['name']);
  const indices = new Map(names.map((name, index) => [name, index]));
  const board = createBoard((index, args) => own.run([{ name: names[index]!, args }])[0]!);
  /** Calls of one function in pieces that the board has room for. */
  const inParts = (calls: readonly Call[]): [index: number, args: (readonly number[])[]][] =>
    Array.from({ length: Math.ceil(calls.length / most.calls) }, (_, i) => [
      indices.get(calls[0]!.name)!,
      calls.slice(i * most.calls, (i + 1) * most.calls).map(({ args }) => args),
    ]);
  const workers: WorkerHandle[] = [];
  const dispose = (): void => {
    board.close();
    for (const worker of workers.splice(0)) worker.terminate();
  };
  try {
    for (let i = 1; i < threads; i++)
      workers.push(await startWorker({ module, memory, buffer: board.buffer }, startMs));
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    threads,
    memory,
    run(calls) {
      if (calls.length > 1) return inParts(calls).flatMap((part) => board.run(...part));
      board.flush();
      return own.run(calls);
    },
    later(calls) {
      for (const part of inParts(calls)) board.later(...part);
    },
    flush: board.flush,
    dispose,
  };
}
