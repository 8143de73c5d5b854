// The training adapter `wasm()`: starts tfjs's wasm backend, and runs the kernels' calls by the WebAssembly module.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError, checkOptions, option, within, type BackendAdapter, type Probe } from '@bitgrad/core';
import { detectFeatures } from '../engine/features.js';
import { heapAdapter } from './heap-adapter.js';
import { isShared, moduleRunner } from './module.js';
import { createThreadPool, type ThreadPool } from './pool.js';
import { readBinary, simdUrl, startFrom, type WasmPaths } from './tfjs-binary.js';
import { availableCores, threadObstacle } from './worker.js';

/** Options of {@link wasm}. */
export interface WasmOptions {
  /**
   * Where the file `tfjs-backend-wasm-simd.wasm` of @tensorflow/tfjs-backend-wasm is: a folder URL with a trailing
   * slash, or a map from file name to URL (tfjs's two other files are not used). Node needs none; browsers do unless
   * the file lies beside the bundle.
   */
  readonly wasmPaths?: WasmPaths;
  /**
   * Threads for all kernels: a number from 1 to 64, which is insisted on, or `auto` (default): one
   * a core, at most 8, and one where threads cannot be had; `probe()` then says why. Results are the same bit for bit
   * for any number.
   */
  readonly threads?: number | 'auto';
  /**
   * false leaves out the fused, packed and table kernels: only what tfjs lacks or gets wrong is added. For comparing
   * results; several times slower. Default true.
   */
  readonly fused?: boolean;
  /**
   * Milliseconds that a download, the start of tfjs or that of a worker thread may take; after that, an error, or one
   * thread where threads are `auto`. 50 to 1e8, default 60,000.
   */
  readonly startMs?: number;
}

const MOST_THREADS = 8;
const START = 60_000;

/** The number of threads that `auto` stands for where nothing is in the way. */
const autoThreads = (): number => Math.max(1, Math.min(MOST_THREADS, availableCores()));

/** The threads of a started adapter, and why there is one only. */
interface Threads {
  readonly pool?: ThreadPool;
  readonly obstacle: string;
}

const notShared =
  'the memory of the tfjs wasm backend is not shared: it was started before, or in a page without wasmPaths';

/** Threads on the heap. */
async function startPool({ threads = 'auto', startMs = START }: WasmOptions, memory: WebAssembly.Memory) {
  const obstacle = threadObstacle() || (isShared(memory) ? '' : notShared);
  const auto = threads === 'auto';
  const count = !auto ? threads : obstacle ? 1 : autoThreads();
  if (count === 1) return { obstacle };
  if (obstacle)
    throw unavailable(`threads cannot be used: ${obstacle}`, "Leave threads at 'auto', or set it to 1.");
  try {
    return { pool: await createThreadPool(count, memory, startMs), obstacle };
  } catch (error) {
    // A page's security policy may forbid workers: that is no reason not to train.
    if (auto) return { obstacle: (error as Error).message };
    throw error;
  }
}

const unavailable = (what: string, next: string, cause?: unknown): BitgradError =>
  new BitgradError({ code: 'backend-unavailable', source: 'backend-wasm', what, next, cause });

/** @param started the threads of an adapter that runs */
export async function probe(started?: Threads): Promise<Probe> {
  const no = (reason: string, features: Probe['features'] = {}): Probe => ({
    available: false,
    reason,
    features,
  });
  const { wasm, simd } = detectFeatures();
  if (!wasm) return no('WebAssembly is not available here');
  if (!simd)
    return no('this JavaScript engine has no WebAssembly SIMD: update the browser or Node', { simd });
  try {
    // A policy without 'wasm-unsafe-eval' lets modules be validated and not compiled.
    await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  } catch (error) {
    return no(
      `WebAssembly cannot be compiled here; a content security policy needs script-src 'wasm-unsafe-eval' (${(error as Error).message})`,
      { simd },
    );
  }
  const obstacle = started ? started.obstacle : threadObstacle();
  const threads = started ? (started.pool?.threads ?? 1) : obstacle ? 1 : autoThreads();
  return { available: true, reason: '', features: { simd, threads, threadObstacle: obstacle } };
}

/** Starts tfjs's backend, if it does not run yet, with a shared heap where that can be had. */
export async function activate(options: WasmOptions): Promise<boolean> {
  const { wasmPaths, startMs = START } = options;
  const module = await import('@tensorflow/tfjs-backend-wasm');
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const late = (): BitgradError =>
    unavailable(
      `the start of the tfjs wasm backend did not come within ${startMs / 1000} s`,
      'Try again, or raise startMs.',
    );
  const start = (): Promise<boolean> => within(startMs, tf.setBackend('wasm'), late);
  let active = false;
  let cause: unknown;
  try {
    const running = tf.engine().registry['wasm'] !== undefined;
    const binary = running ? undefined : await readBinary(wasmPaths, startMs);
    active = binary ? await startFrom(module, binary, start) : await start();
  } catch (error) {
    if (error instanceof BitgradError) throw error;
    cause = error;
  }
  if (active) return true;
  throw unavailable(
    'the tfjs wasm backend did not start',
    'In a browser, pass wasmPaths: the folder that serves its .wasm files.',
    cause,
  );
}

const threadsRule = option.either(option.integer(1, 64), option.oneOf('auto'));
const pathsRule = option.of(
  'a folder URL with a trailing slash, or a map with "tfjs-backend-wasm-simd.wasm"',
  (paths) =>
    typeof paths === 'string'
      ? paths.endsWith('/')
      : typeof paths === 'object' && paths !== null && typeof simdUrl(paths as WasmPaths) === 'string',
);

/**
 * Training on WebAssembly SIMD: every layer that trains on the cpu backend trains here, with the same gradients.
 * @throws BitgradError `invalid-option`; from `start`: `backend-unavailable` when WebAssembly, SIMD or the tfjs backend is
 *   missing, or does not start in time
 */
export function wasm(options: WasmOptions = {}): BackendAdapter {
  const { startMs = START, fused = true } = checkOptions<WasmOptions>('backend-wasm', 'wasm', options, {
    wasmPaths: pathsRule,
    threads: threadsRule,
    fused: option.boolean,
    startMs: option.number(50, 1e8),
  });
  let started: Threads | undefined;
  return heapAdapter({
    name: 'wasm',
    source: 'backend-wasm',
    ...{ fused, startMs },
    probe: () => probe(started),
    activate: () => activate(options),
    async runners(memory) {
      const [local, threads] = [await moduleRunner(memory), await startPool(options, memory)];
      started = threads;
      return {
        ...{ local, pool: threads.pool },
        dispose() {
          threads.pool?.dispose();
          if (started === threads) started = undefined;
        },
      };
    },
  });
}
