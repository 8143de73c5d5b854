// Worker threads that run functions of the kernel module on a shared memory, together with the calling thread. Works in Node (worker_threads) and in pages and workers with SharedArrayBuffer, that is, with
// cross-origin isolation.
import { createBoard, most } from './board.js';
import type { Runner } from './calls.js';
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
  const indices = new Map(WebAssembly.Module.exports(module).map(({ name }, index) => [name, index]));
  const board = createBoard();
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
      if (calls.length === 1) return own.run(calls);
      const { name } = calls[0]!;
      const results: number[] = [];
      for (let i = 0; i < calls.length; i += most.calls)
        results.push(
          ...board.run(
            indices.get(name)!,
            calls.slice(i, i + most.calls).map(({ args }) => args),
            (args) => own.run([{ name, args }])[0]!,
          ),
        );
      return results;
    },
    dispose,
  };
}
