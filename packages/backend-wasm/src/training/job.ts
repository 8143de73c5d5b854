// One kernel run over memory and threads. A kernel asks for its operands and scratch space, runs functions, splits the
// long ones; whether that happens in place on the tfjs heap, on one thread or many, or in a shared memory of our own
// with copies in and out, is decided here.
// Work is split over outputs only, so results are the same bit for bit for any number of threads.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { util } from '@tensorflow/tfjs-core';
import {
  encode,
  splitCall,
  type Axis,
  type Common,
  type Fields,
  type FunctionName,
  type Runner,
  type Split,
} from './calls.js';
import { aligned, consecutive, type Addresses, type Heap } from './heap.js';

/** A kernel run. Ask for operands first, then for scratch space: asking again takes the earlier space back. */
export interface Job {
  readonly threads: number;
  /** A view of the memory that addresses point into; valid until the next request for space. */
  readonly memory: WebAssembly.Memory;
  /** Address of an input. */
  read(tensor: TensorInfo): number;
  /** Address of an output; its contents are those of the tensor only after {@link Job.done}. */
  write(tensor: TensorInfo): number;
  scratch<T extends readonly number[]>(...bytes: T): Addresses<T>;
  /** Runs a function on this thread. */
  call<N extends FunctionName>(name: N, fields: Fields<N>): number;
  /** Runs a function in parts at the same time, one a thread at most; returns their results. */
  split<N extends FunctionName, A extends Axis<N>>(
    name: N,
    split: Split<N, A>,
    common: Common<N, A>,
  ): number[];
  done(): void;
}

/** A job on the tfjs heap. @param runner of that heap */
export const jobInPlace = (heap: Heap, runner: Runner): Job => ({
  threads: runner.threads,
  memory: heap.memory,
  read: heap.address,
  write: heap.address,
  scratch: heap.scratch,
  call: (name, fields) => runner.run([encode(name, fields)])[0]!,
  split: (name, split, common) => runner.run(splitCall(name, split, common, runner.threads)),
  done: () => undefined,
});

const PAGE = 65536;

/** A job in a memory of the runner's own; operands are copied. */
export function jobWithCopies(heap: Heap, runner: Runner): Job {
  const { memory } = runner;
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
    ...jobInPlace(heap, runner),
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
      const { addresses, end } = consecutive(operandsEnd, bytes);
      reserve(end);
      return addresses;
    },
    done() {
      for (const { tensor, at, bytes } of outputs)
        new Uint8Array(heap.memory.buffer).set(
          new Uint8Array(memory.buffer, at, bytes),
          heap.address(tensor),
        );
    },
  };
}
