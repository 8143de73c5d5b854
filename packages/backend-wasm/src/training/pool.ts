// Worker threads that run functions of the kernel module on a shared memory. The calling thread runs its own part
// meanwhile and then waits. Works in Node (worker_threads) and in pages and workers with SharedArrayBuffer, that is, with
// cross-origin isolation.
import type { Call, Runner } from './calls.js';
import { mailbox, mailboxBytes, type Mailbox } from './mailbox.js';
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
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const workers: { readonly box: Mailbox; readonly handle: WorkerHandle }[] = [];
  const dispose = (): void => {
    for (const { box, handle } of workers.splice(0)) {
      box.close();
      handle.terminate();
    }
  };
  try {
    for (let i = 1; i < threads; i++) {
      const buffer = new SharedArrayBuffer(mailboxBytes);
      const handle = await startWorker({ module, memory, buffer }, startMs);
      workers.push({ box: mailbox(buffer), handle });
    }
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    threads,
    memory,
    run([first, ...others]) {
      others.forEach(({ name, args }: Call, i) => workers[i]!.box.post(names.indexOf(name), args));
      const results = own.run([first!]);
      return [...results, ...others.map(({ name }, i) => workers[i]!.box.take(name))];
    },
    dispose,
  };
}
