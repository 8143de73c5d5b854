// The training adapter: starts tfjs's wasm backend and registers our kernels on its heap.
import type * as TfjsWasm from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError, type BackendAdapter, type BackendProbe, type KernelReport } from '@bitgrad/core';
import { createHeap, memoryOf, type Heap, type TfjsWasmBackend } from './heap.js';
import { install, type Installation } from './installation.js';
import { fusedKernels, kernelFamilies } from './kernels/index.js';
import { compileModule, instantiate, isShared } from './module.js';

/** Options of {@link wasm}. */
export interface WasmOptions {
  /**
   * Where the three .wasm files of @tensorflow/tfjs-backend-wasm are: a folder URL with a trailing slash, or a map
   * from file name to URL. Node needs none; browsers do unless the files lie beside the bundle.
   */
  readonly wasmPaths?: string | Readonly<Record<string, string>>;
}

/** A started adapter. */
interface Running {
  readonly heap: Heap;
  readonly installation: Installation;
}

/** Which installation is in force on a backend: starting another adapter takes the kernels over. */
const current = new WeakMap<object, Running>();

const remove = (backend: object): void => {
  const running = current.get(backend);
  if (!running) return;
  current.delete(backend);
  running.installation.remove();
  running.heap.dispose();
};

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
  return { available: true, reason: '', features: { simd } };
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

/**
 * Training on WebAssembly SIMD: every layer that trains on the cpu backend trains here, with the same gradients.
 * @throws BitgradError from `start`: `backend-unavailable` when WebAssembly, SIMD or the tfjs backend is missing
 */
export function wasm(options: WasmOptions = {}): BackendAdapter {
  let backend: TfjsWasmBackend | undefined;
  let running: Running | undefined;
  let last: KernelReport = {};
  return Object.freeze({
    name: 'wasm',
    capabilities: Object.freeze({
      trainsConvolutions: true,
      fusedKernels,
      synchronousReads: true,
    }),
    probe,
    async start() {
      const { available, reason } = await probe();
      if (!available) throw unavailable(reason, 'Choose another backend.');
      const active = await activate(options);
      if (running && current.get(active) === running) return;
      remove(active);
      backend = active;
      const memory = memoryOf(active);
      const module = await compileModule(isShared(memory));
      const heap = createHeap(active);
      const counts: Record<string, number> = {};
      const count = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
      const context = { heap, wasm: await instantiate(module, memory), count };
      const kernels = Object.assign({}, ...kernelFamilies.map((family) => family(context)));
      running = { heap, installation: install(kernels, counts) };
      current.set(active, running);
    },
    report: () => running?.installation.report() ?? last,
    async dispose() {
      if (!running || !backend) return;
      last = running.installation.report();
      if (current.get(backend) === running) remove(backend);
      running = backend = undefined;
    },
  });
}
