// The training adapter: starts tfjs's wasm backend and registers our kernels on its heap.
import type * as TfjsWasm from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import {
  BitgradError,
  installKernels,
  kernelOwner,
  type BackendAdapter,
  type BackendProbe,
  type Installation,
} from '@bitgrad/core';
import { createHeap, memoryOf, type TfjsWasmBackend } from './heap.js';
import { fusedKernels, kernelFamilies } from './kernels/index.js';
import { copyingJob, localJob, sharedJob, type Job } from './job.js';
import { compileModule, instantiate, isShared, type WasmFunctions } from './module.js';
import { createPool, type Pool } from './pool.js';
import { availableCores, threadObstacle } from './worker.js';

/** Options of {@link wasm}. */
export interface WasmOptions {
  /**
   * Where the three .wasm files of @tensorflow/tfjs-backend-wasm are: a folder URL with a trailing slash, or a map
   * from file name to URL. Node needs none; browsers do unless the files lie beside the bundle.
   */
  readonly wasmPaths?: string | Readonly<Record<string, string>>;
  /**
   * Threads for convolutions and matrix products: a number from 1, or `auto` (default): one a core, at most 8, and one
   * where threads cannot be had. Results are the same bit for bit for any number.
   */
  readonly threads?: number | 'auto';
  /**
   * false leaves out the fused, packed and table kernels: only what tfjs lacks or gets wrong is added. For comparing
   * results; several times slower. Default true.
   */
  readonly fused?: boolean;
}

/** Multiply-accumulates from which threads pay for waking them and for copies: about half a millisecond of work. */
const THREADED_WORK = 10e6;
const MOST_THREADS = 8;

/** The number of threads to start. */
function threadCount(threads: number | 'auto'): number {
  if (threads === 'auto') return threadObstacle() ? 1 : Math.max(1, Math.min(MOST_THREADS, availableCores()));
  const obstacle = threads > 1 ? threadObstacle() : '';
  if (obstacle)
    throw unavailable(`threads cannot be used: ${obstacle}`, "Leave threads at 'auto', or set it to 1.");
  return threads;
}

/** The pool works on the tfjs heap where that is shared (isolated pages), else on a memory of its own. */
async function startPool(options: WasmOptions, heapMemory: WebAssembly.Memory): Promise<Pool | undefined> {
  const threads = threadCount(options.threads ?? 'auto');
  if (threads === 1) return undefined;
  try {
    const memory = isShared(heapMemory)
      ? heapMemory
      : new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });
    return await createPool(threads, memory);
  } catch (error) {
    // A page's security policy may forbid workers: that is no reason not to train.
    if (options.threads === undefined || options.threads === 'auto') return undefined;
    throw error;
  }
}

type TfjsModule = typeof TfjsWasm;

async function loadTfjsBackend(): Promise<TfjsModule> {
  try {
    return await import('@tensorflow/tfjs-backend-wasm');
  } catch (cause) {
    throw unavailable(
      '@tensorflow/tfjs-backend-wasm cannot be loaded',
      'npm install @tensorflow/tfjs-backend-wasm',
      cause,
    );
  }
}

const unavailable = (what: string, next: string, cause?: unknown): BitgradError =>
  new BitgradError({ code: 'backend-unavailable', source: 'backend-wasm', what, next, cause });

/** A module of one SIMD instruction. */
const SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
  11,
];

async function probe(): Promise<BackendProbe> {
  if (typeof WebAssembly !== 'object')
    return { available: false, reason: 'WebAssembly is not available here', features: {} };
  const simd = WebAssembly.validate(new Uint8Array(SIMD));
  if (!simd)
    return {
      available: false,
      reason: 'this JavaScript engine has no WebAssembly SIMD: update the browser or Node',
      features: { simd },
    };
  try {
    await loadTfjsBackend();
  } catch (error) {
    return { available: false, reason: (error as Error).message, features: { simd } };
  }
  return {
    available: true,
    reason: '',
    features: { simd, threads: threadCount('auto'), threadObstacle: threadObstacle() },
  };
}

async function activate(options: WasmOptions): Promise<TfjsWasmBackend> {
  const module = await loadTfjsBackend();
  const started = tf.engine().registry['wasm'] !== undefined;
  if (options.wasmPaths !== undefined && !started) module.setWasmPaths(options.wasmPaths as never);
  let active = false;
  let cause: unknown;
  try {
    active = await tf.setBackend('wasm');
  } catch (error) {
    cause = error;
  }
  if (!active)
    throw unavailable(
      'the tfjs wasm backend did not start',
      'In a browser, pass wasmPaths: the folder that serves its .wasm files.',
      cause,
    );
  return tf.backend() as unknown as TfjsWasmBackend;
}

/** Registers the kernels of this package on the heap of a backend; removing them frees their memory and threads. */
function install(
  active: TfjsWasmBackend,
  functions: WasmFunctions,
  pool: Pool | undefined,
  fused: boolean,
): Installation {
  const heap = createHeap(active);
  const counts: Record<string, number> = {};
  const count = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
  const job = (name: string, work: number): Job => {
    if (!pool || work < THREADED_WORK) return localJob(heap, functions);
    count(`${name}/threads`);
    return pool.memory === heap.memory ? sharedJob(heap, pool) : copyingJob(heap, pool);
  };
  const context = { heap, wasm: functions, job, count, fused };
  const kernels = Object.assign({}, ...kernelFamilies(fused).map((family) => family(context)));
  return installKernels('wasm', kernels, {
    source: 'backend-wasm',
    expected: 'NHWC float32 tensors without dilation',
    counts,
    onRemove() {
      heap.dispose();
      pool?.dispose();
    },
  });
}

/**
 * Training on WebAssembly SIMD: every layer that trains on the cpu backend trains here, with the same gradients.
 * @throws BitgradError from `start`: `backend-unavailable` when WebAssembly, SIMD or the tfjs backend is missing
 */
export function wasm(options: WasmOptions = {}): BackendAdapter {
  const { threads = 'auto' } = options;
  if (threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1 && threads <= 64))
    throw new BitgradError({
      code: 'invalid-option',
      source: 'backend-wasm',
      what: 'threads',
      got: threads,
      expected: "a whole number from 1 to 64, or 'auto'",
    });
  const owner = kernelOwner('wasm');
  return Object.freeze({
    name: 'wasm',
    capabilities: Object.freeze({
      trainsConvolutions: true,
      fusedKernels: options.fused === false ? [] : fusedKernels,
      synchronousReads: true,
    }),
    probe,
    async start() {
      const { available, reason } = await probe();
      if (!available) throw unavailable(reason, 'Choose another backend.');
      const active = await activate(options);
      if (owner.holds(active)) return;
      const memory = memoryOf(active);
      const functions = await instantiate(await compileModule(isShared(memory)), memory);
      const pool = await startPool(options, memory);
      owner.take(active, () => install(active, functions, pool, options.fused ?? true));
    },
    report: () => owner.report(),
    async dispose() {
      owner.release();
    },
  });
}
