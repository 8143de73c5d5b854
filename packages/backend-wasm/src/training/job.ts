// One kernel run on the heap: it asks for scratch space, runs functions, splits the long ones over threads.
// Work is split over outputs, or into parts that the shape alone decides, so results are the same bit for bit for any
// number of threads.
import {
  encode,
  splitCall,
  type Ask,
  type Axis,
  type Call,
  type Common,
  type Fields,
  type FunctionName,
  type Runner,
  type Split,
} from './calls.js';
import type { Addresses, Heap } from './heap.js';

/**
 * A kernel run. Functions run in the order in which they are asked for, but not always at once: before results are returned or
 * memory is asked for, and at the end.
 */
export interface Job {
  /** Into how many parts `split` cuts, at most. */
  readonly threads: number;
  /**
   * The memory as integers and as numbers; until something is allocated. What was asked for may not have run yet: to be written is
   * only what it does not use.
   */
  views(): { readonly integers: Int32Array; readonly floats: Float32Array };
  /** Blocks of the given sizes; asking again takes the earlier ones back. */
  scratch<T extends readonly number[]>(...bytes: T): Addresses<T>;
  /** A size, by the function that gives it. */
  readonly ask: Ask;
  /** Runs a function once. */
  call<N extends FunctionName>(name: N, fields: Fields<N>): void;
  /** Runs a function in parts at the same time, one a thread at most. */
  split<N extends FunctionName, A extends Axis<N>>(name: N, split: Split<N, A>, common: Common<N, A>): void;
  /** As `split`, at once; returns the results. */
  results<N extends FunctionName, A extends Axis<N>>(
    name: N,
    split: Split<N, A>,
    common: Common<N, A>,
  ): number[];
  /** Runs a function on several things at the same time, each in parts; they must not write what another one uses. */
  splitAll<N extends FunctionName, A extends Axis<N>>(
    name: N,
    things: readonly { readonly split: Split<N, A>; readonly common: Common<N, A> }[],
  ): void;
  /** Runs a function `count` times, several at the same time; the calls must not write what another one uses. */
  each<N extends FunctionName>(name: N, count: number, fields: (index: number) => Fields<N>): void;
  /** Runs what has not run. */
  flush(): void;
}

/** @param runner of the heap */
export const createJob = (heap: Heap, runner: Runner, ask: Ask, threads: number): Job => {
  const later = (calls: readonly Call[]): void =>
    runner.later ? runner.later(calls) : void runner.run(calls);
  const flush = (): void => runner.flush?.();
  return {
    threads,
    ask,
    views: heap.views,
    scratch<T extends readonly number[]>(...bytes: T): Addresses<T> {
      flush();
      return heap.scratch<T>(...bytes);
    },
    call: (name, fields) => later([encode(name, fields)]),
    split: (name, split, common) => later(splitCall(name, split, common, threads)),
    results(name, split, common) {
      flush();
      return runner.run(splitCall(name, split, common, threads));
    },
    splitAll: (name, things) =>
      later(things.flatMap(({ split, common }) => splitCall(name, split, common, threads))),
    each: (name, count, fields) => later(Array.from({ length: count }, (_, i) => encode(name, fields(i)))),
    flush,
  };
};
