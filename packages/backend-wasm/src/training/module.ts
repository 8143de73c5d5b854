// The compiled kernel module: inflating the embedded bytes and instantiating them on a memory.
import plain from '../generated/training.js';
import shared, { type Exports } from '../generated/training-shared.js';
import { inflate } from '../host.js';
import type { Runner } from './calls.js';

/** True when the memory is a SharedArrayBuffer, which needs the module's second build. */
export const isShared = (memory: WebAssembly.Memory): boolean =>
  typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;

/** Compiles the build that fits a memory: `true` for shared memory. */
export const compileModule = async (forSharedMemory: boolean): Promise<WebAssembly.Module> =>
  WebAssembly.compile(await inflate(forSharedMemory ? shared : plain));

/** Instantiates a compiled module on a memory. */
export async function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<Exports> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return exports as unknown as Exports;
}

/** Runs calls on the calling thread. */
export const localRunner = (exports: Exports, memory: WebAssembly.Memory): Runner => {
  const functions = exports as unknown as Readonly<Record<string, (...args: readonly number[]) => number>>;
  return { threads: 1, memory, run: (calls) => calls.map(({ name, args }) => functions[name]!(...args)) };
};

/** The module on the calling thread. */
export const moduleRunner = async (memory: WebAssembly.Memory): Promise<Runner> =>
  localRunner(await instantiate(await compileModule(isShared(memory)), memory), memory);
