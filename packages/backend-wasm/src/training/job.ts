// One kernel run over memory and threads. A kernel asks for its operands and scratch space, runs functions, splits the
// long ones; whether that happens in place on the tfjs heap, on one thread or many, or in a shared memory of our own
// with copies in and out, is decided here.
// Work is split over outputs only, so results are the same bit for bit for any number of threads.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { util } from '@tensorflow/tfjs-core';
import type { Heap } from './heap.js';
import type { WasmFunctions } from './module.js';
import type { Call, Pool } from './pool.js';

/** A kernel run. Ask for operands first, then for scratch space: asking again takes the earlier space back. */
export interface Job {
  readonly threads: number;
  /** A view of the memory that addresses point into; valid until the next request for space. */
  readonly memory: WebAssembly.Memory;
  /** Address of an input. */
  read(tensor: TensorInfo): number;
  /** Address of an output; its contents are those of the tensor only after {@link Job.done}. */
  write(tensor: TensorInfo): number;
  scratch(...bytes: number[]): number[];
  /** Runs a function on this thread. */
  call(name: string, ...args: number[]): number;
  /**
   * Splits 0 .. count into one range a thread, at multiples of `grain`, and runs them at the same time.
   * @param part the arguments for a range; `thread` numbers the ranges, for scratch space of their own
   */
  split(
    name: string,
    count: number,
    grain: number,
    part: (from: number, to: number, thread: number) => number[],
  ): number[];
  done(): void;
}

/** A job on the tfjs heap, on this thread. */
export const localJob = (heap: Heap, wasm: WasmFunctions): Job => ({
  threads: 1,
  memory: heap.memory,
  read: heap.address,
  write: heap.address,
  scratch: heap.scratch,
  call: (name, ...args) => wasm[name]!(...args),
  split: (name, count, _grain, part) => [wasm[name]!(...part(0, count, 0))],
  done: () => undefined,
});

/** Ranges of at most `threads` parts of 0 .. count, at multiples of `grain`. */
export function ranges(count: number, grain: number, threads: number): [number, number][] {
  const units = Math.ceil(count / grain);
  const parts = Math.max(1, Math.min(threads, units));
  return Array.from({ length: parts }, (_, i) => [
    Math.floor((units * i) / parts) * grain,
    Math.min(count, Math.floor((units * (i + 1)) / parts) * grain),
  ]);
}

const splitOver =
  (pool: Pool): Job['split'] =>
  (name, count, grain, part) => {
    const calls = ranges(count, grain, pool.threads).map(([from, to], thread): Call => ({
      name,
      args: part(from, to, thread),
    }));
    return pool.run(calls);
  };

/** A job on the tfjs heap, over the threads of a pool on that heap. */
export const sharedJob = (heap: Heap, pool: Pool): Job => ({
  ...localJob(heap, pool.wasm),
  threads: pool.threads,
  split: splitOver(pool),
});

const PAGE = 65536;
const ALIGN = 64;
const aligned = (n: number): number => Math.ceil(n / ALIGN) * ALIGN;

/** A job in a memory of the pool's own; operands are copied. */
export function copyingJob(heap: Heap, pool: Pool): Job {
  const { memory } = pool;
  const outputs: { tensor: TensorInfo; at: number; bytes: number }[] = [];
  const known = new Map<object, number>();
  let operandsEnd = PAGE;
  const reserve = (end: number): void => {
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  };
  const place = (bytes: number): number => {
    const at = operandsEnd;
    operandsEnd += aligned(bytes);
    reserve(operandsEnd);
    return at;
  };
  const bytesOf = (tensor: TensorInfo): number => util.sizeFromShape(tensor.shape) * 4;
  return {
    threads: pool.threads,
    memory,
    read(tensor) {
      const earlier = known.get(tensor.dataId);
      if (earlier !== undefined) return earlier;
      const bytes = bytesOf(tensor);
      const at = place(bytes);
      const from = heap.address(tensor);
      new Uint8Array(memory.buffer).set(new Uint8Array(heap.memory.buffer, from, bytes), at);
      known.set(tensor.dataId, at);
      return at;
    },
    write(tensor) {
      const bytes = bytesOf(tensor);
      const at = place(bytes);
      outputs.push({ tensor, at, bytes });
      return at;
    },
    scratch(...bytes) {
      let at = operandsEnd;
      const addresses = bytes.map((n) => {
        const address = at;
        at += aligned(n);
        return address;
      });
      reserve(at);
      return addresses;
    },
    call: (name, ...args) => pool.wasm[name]!(...args),
    split: splitOver(pool),
    done() {
      for (const { tensor, at, bytes } of outputs)
        new Uint8Array(heap.memory.buffer).set(
          new Uint8Array(memory.buffer, at, bytes),
          heap.address(tensor),
        );
    },
  };
}
