// Worker threads that run functions of the kernel module on a shared memory.
// A call is written into the worker's mailbox (a few integers) and started by Atomics; the calling thread runs its own
// part meanwhile and then waits. Works in Node (worker_threads) and in pages and workers with SharedArrayBuffer, that
// is, with cross-origin isolation. The main thread of a page may not block: there it looks until the work is done.
import { BitgradError } from '@bitgrad/core';
import { compileModule, instantiate, type WasmFunctions } from './module.js';
import { startWorker, type WorkerHandle } from './worker.js';

/** A call of an exported function. Arguments are integers. */
export interface Call {
  readonly name: string;
  readonly args: readonly number[];
}

/** Threads on one memory. */
export interface Pool {
  /** The calling thread included. */
  readonly threads: number;
  readonly memory: WebAssembly.Memory;
  /** The module on that memory, for the calling thread. */
  readonly wasm: WasmFunctions;
  /** Runs at most `threads` calls at the same time and returns their results. */
  run(calls: readonly Call[]): number[];
  dispose(): void;
}

/** Mailbox of a worker: 64 integers, of which these come before the arguments. */
const SLOT = 64;
const STATE = 0;
const FUNCTION = 1;
const COUNT = 2;
const RESULT = 3;
const ARGUMENTS = 4;
/** States: what the worker shall do, or did. */
const IDLE = 0;
const RUN = 1;
const DONE = 2;
const QUIT = 4;

/** Milliseconds that a worker may take for a call. */
const TIMEOUT = 60_000;

const lost = (what: string): BitgradError =>
  new BitgradError({
    code: 'invalid-state',
    source: 'backend-wasm',
    what,
    next: 'Start the backend with wasm({ threads: 1 }).',
  });

/** Waits until the state is no longer RUN; a page's main thread may not block and looks instead. */
function waitFor(control: Int32Array, at: number): void {
  const end = Date.now() + TIMEOUT;
  while (Atomics.load(control, at) === RUN) {
    try {
      Atomics.wait(control, at, RUN, 1000);
    } catch {
      for (let i = 0; i < 1000 && Atomics.load(control, at) === RUN; i++);
    }
    if (Date.now() > end) throw lost(`a worker thread gave no answer within ${TIMEOUT / 1000} s`);
  }
}

/**
 * Starts `threads - 1` workers on a shared memory.
 * @param startMs how long a worker may take to start
 * @throws BitgradError `backend-unavailable` when workers cannot be started here, or do not answer
 */
export async function createPool(
  threads: number,
  memory: WebAssembly.Memory,
  startMs: number,
): Promise<Pool> {
  const module = await compileModule(true);
  const wasm = await instantiate(module, memory);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const buffer = new SharedArrayBuffer((threads - 1) * SLOT * 4);
  const control = new Int32Array(buffer);
  const workers: WorkerHandle[] = [];
  const dispose = (): void => {
    workers.splice(0).forEach((worker, i) => {
      Atomics.store(control, i * SLOT + STATE, QUIT);
      Atomics.notify(control, i * SLOT + STATE);
      worker.terminate();
    });
  };
  try {
    for (let i = 1; i < threads; i++) {
      const mailbox = new Int32Array(buffer, (i - 1) * SLOT * 4, SLOT);
      workers.push(await startWorker({ module, memory, mailbox }, startMs));
    }
  } catch (error) {
    dispose();
    throw error;
  }
  const start = ({ name, args }: Call, worker: number): void => {
    const at = worker * SLOT;
    // Mailboxes hold 32-bit integers: a fraction would be cut off in silence.
    if (!args.every(Number.isInteger))
      throw lost(`${name} has arguments that are no integers: ${args.join(', ')}`);
    control[at + FUNCTION] = names.indexOf(name);
    control[at + COUNT] = args.length;
    control.set(args, at + ARGUMENTS);
    Atomics.store(control, at + STATE, RUN);
    Atomics.notify(control, at + STATE);
  };
  const finish = (name: string, worker: number): number => {
    const at = worker * SLOT;
    waitFor(control, at + STATE);
    const state = Atomics.exchange(control, at + STATE, IDLE);
    if (state !== DONE) throw lost(`${name} failed in a worker thread`);
    return control[at + RESULT]!;
  };
  return {
    threads,
    memory,
    wasm,
    run([own, ...others]) {
      others.forEach(start);
      const result = wasm[own!.name]!(...own!.args);
      return [result, ...others.map(({ name }, i) => finish(name, i))];
    },
    dispose,
  };
}
