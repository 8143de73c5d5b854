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
  disposeData(id: object): boolean;
}

/** One for each size. */
export type Addresses<T extends readonly number[]> = { readonly [I in keyof T]: number };

/** Access to the heap. Addresses are unsigned byte offsets. */
export interface Heap {
  readonly backend: TfjsWasmBackend;
  readonly memory: WebAssembly.Memory;
  /** Address of a tensor's first element. */
  address(tensor: TensorInfo): number;
  /** Addresses of tensors, by the same names. */
  at<T extends Readonly<Record<string, TensorInfo | undefined>>>(
    tensors: T,
  ): { readonly [Name in keyof T]: number };
  /** The memory as integers and as numbers; until something is allocated. */
  views(): { readonly integers: Int32Array; readonly floats: Float32Array };
  /** A new tensor with undefined contents. */
  output(shape: readonly number[], dtype?: DataType): TensorInfo;
  /** Frees tensors that `output` made and no kernel gave out. */
  release(...tensors: readonly TensorInfo[]): void;
  /**
   * Addresses of blocks of the given sizes, 64-byte aligned, valid until the next call. They come from one block
   * that only grows, so that a training loop allocates nothing after its first steps.
   */
  scratch<T extends readonly number[]>(...bytes: T): Addresses<T>;
  dispose(): void;
}

const ALIGN = 64;
/** Rounded up to 64 bytes. */
export const aligned = (n: number): number => Math.ceil(n / ALIGN) * ALIGN;

/** Addresses of blocks one behind the other, and where they end. */
function consecutive<T extends readonly number[]>(
  start: number,
  bytes: T,
): { addresses: Addresses<T>; end: number } {
  let end = start;
  const addresses = bytes.map((n) => {
    const address = end;
    end += aligned(n);
    return address;
  });
  return { addresses: addresses as never, end };
}

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
  const memory = memoryOf(backend);
  const viewsOf = (buffer: ArrayBufferLike) => ({
    integers: new Int32Array(buffer),
    floats: new Float32Array(buffer),
  });
  let views = viewsOf(memory.buffer);
  const address = (tensor: TensorInfo): number => backend.dataIdMap.get(tensor.dataId)!.memoryOffset;
  return {
    backend,
    memory,
    address,
    views() {
      // tfjs's malloc may have grown the memory.
      if (views.integers.buffer !== memory.buffer) views = viewsOf(memory.buffer);
      return views;
    },
    at(tensors) {
      const places: Record<string, number> = {};
      for (const name in tensors) places[name] = address(tensors[name]!);
      return places as never;
    },
    output(shape, dtype = 'float32') {
      return backend.makeOutput(shape, dtype);
    },
    release(...tensors) {
      for (const { dataId } of tensors) backend.disposeData(dataId);
    },
    scratch(...bytes) {
      const total = bytes.reduce((sum, n) => sum + aligned(n), 0);
      if (total > size) {
        if (block) backend.wasm._free(block);
        block = allocate(total);
        size = total;
      }
      return consecutive(aligned(block), bytes).addresses;
    },
    dispose() {
      if (block) backend.wasm._free(block);
      block = size = 0;
    },
  };
}
