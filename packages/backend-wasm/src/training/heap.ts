// The heap of the tfjs wasm backend, seen from outside: where tensors are, new tensors, scratch space.
// The memory is never grown from here: tfjs replaces its views only when its own malloc grows it.
import { BitgradError } from '@bitgrad/core';
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';

/** What is used of tfjs's BackendWasm. */
export interface TfjsWasmBackend {
  readonly wasm: {
    _malloc(bytes: number): number;
    _free(address: number): void;
    readonly HEAPU8: Uint8Array;
    readonly wasmMemory?: WebAssembly.Memory;
    readonly asm?: { readonly memory?: WebAssembly.Memory };
  };
  readonly dataIdMap: { get(id: object): { memoryOffset: number } | undefined };
  makeOutput(shape: readonly number[], dtype: DataType): TensorInfo;
  incRef(id: object): void;
}

/** Access to the heap. Addresses are unsigned byte offsets. */
export interface Heap {
  readonly backend: TfjsWasmBackend;
  readonly memory: WebAssembly.Memory;
  /** Address of a tensor's first element. */
  address(tensor: TensorInfo): number;
  /** A new tensor with undefined contents. */
  output(shape: readonly number[], dtype?: DataType): TensorInfo;
  /**
   * Addresses of blocks of the given sizes, 64-byte aligned, valid until the next call. They come from one block
   * that only grows, so that a training loop allocates nothing after its first steps.
   */
  scratch(...bytes: number[]): number[];
  /** A block of its own, for data that lives longer; freed by {@link Heap.dispose}. */
  keep(bytes: number): number;
  dispose(): void;
}

const ALIGN = 64;
const aligned = (n: number): number => Math.ceil(n / ALIGN) * ALIGN;

/** The memory of the backend: exported by the plain and SIMD builds, created by the glue code of the threaded one. */
export function memoryOf(backend: TfjsWasmBackend): WebAssembly.Memory {
  const memory = backend.wasm.wasmMemory ?? backend.wasm.asm?.memory;
  if (memory instanceof WebAssembly.Memory) return memory;
  throw new BitgradError({
    code: 'backend-unavailable',
    source: 'backend-wasm',
    what: 'the memory of the tfjs wasm backend cannot be reached',
    expected: '@tensorflow/tfjs-backend-wasm 4.22',
    next: 'Install that version, or report the one you have.',
  });
}

/** @returns access to the backend's heap */
export function createHeap(backend: TfjsWasmBackend): Heap {
  let block = 0;
  let size = 0;
  const kept: number[] = [];
  const allocate = (bytes: number): number => {
    const address = backend.wasm._malloc(bytes + ALIGN) >>> 0;
    if (address === 0)
      throw new BitgradError({
        code: 'limit-exceeded',
        source: 'backend-wasm',
        what: 'the wasm heap is full',
        got: bytes,
        expected: 'room for that many bytes of scratch space',
        next: 'Use a smaller batch.',
      });
    return address;
  };
  return {
    backend,
    memory: memoryOf(backend),
    address(tensor) {
      return backend.dataIdMap.get(tensor.dataId)!.memoryOffset;
    },
    output(shape, dtype = 'float32') {
      return backend.makeOutput(shape, dtype);
    },
    scratch(...bytes) {
      const total = bytes.reduce((sum, n) => sum + aligned(n), 0);
      if (total > size) {
        if (block) backend.wasm._free(block);
        block = allocate(total);
        size = total;
      }
      let at = aligned(block);
      return bytes.map((n) => {
        const address = at;
        at += aligned(n);
        return address;
      });
    },
    keep(bytes) {
      const address = allocate(bytes);
      kept.push(address);
      return aligned(address);
    },
    dispose() {
      if (block) backend.wasm._free(block);
      block = size = 0;
      kept.splice(0).forEach((address) => backend.wasm._free(address));
    },
  };
}
