// The compiled kernel module: inflating the embedded bytes and instantiating them on a memory.
import plain from '../generated/training.js';
import shared from '../generated/training-shared.js';

/** The exported functions: addresses, sizes and strides in, nothing or a count out. */
export type WasmFunctions = Readonly<Record<string, (...numbers: number[]) => number>>;

/** Inflates an embedded module (raw deflate, base64). */
async function inflate(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** True when the memory is a SharedArrayBuffer, which needs the module's second build. */
export const isShared = (memory: WebAssembly.Memory): boolean =>
  typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;

/** Compiles the build that fits a memory: `true` for shared memory. */
export const compileModule = async (forSharedMemory: boolean): Promise<WebAssembly.Module> =>
  WebAssembly.compile(await inflate(forSharedMemory ? shared : plain));

/** Instantiates a compiled module on a memory. */
export async function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<WasmFunctions> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return exports as unknown as WasmFunctions;
}
