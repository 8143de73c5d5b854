// One kernel run on the heap: it asks for scratch space, runs functions, splits the long ones over threads.
// Work is split over outputs, or into parts that the shape alone decides, so results are the same bit for bit for any
// number of threads.
import {
  encode,
  splitCall,
  type Ask,
  type Axis,
  type Common,
  type Fields,
  type FunctionName,
  type Runner,
  type Split,
} from './calls.js';
import type { Addresses, Heap } from './heap.js';

/** A kernel run. */
export interface Job {
  /** Into how many parts `split` cuts, at most. */
  readonly threads: number;
  /** The memory as integers and as numbers; until something is allocated. */
  views(): { readonly integers: Int32Array; readonly floats: Float32Array };
  /** Blocks of the given sizes; asking again takes the earlier ones back. */
  scratch<T extends readonly number[]>(...bytes: T): Addresses<T>;
  /** A size, by the function that gives it. */
  readonly ask: Ask;
  /** Runs a function on this thread. */
  call<N extends FunctionName>(name: N, fields: Fields<N>): number;
  /** Runs a function in parts at the same time, one a thread at most; returns their results. */
  split<N extends FunctionName, A extends Axis<N>>(
    name: N,
    split: Split<N, A>,
    common: Common<N, A>,
  ): number[];
  /** Runs a function on several things at the same time, each in parts; they must not write what another one uses. */
  splitAll<N extends FunctionName, A extends Axis<N>>(
    name: N,
    things: readonly { readonly split: Split<N, A>; readonly common: Common<N, A> }[],
  ): number[];
  /** Runs a function `count` times, several at the same time; the calls must not write what another one uses. */
  each<N extends FunctionName>(name: N, count: number, fields: (index: number) => Fields<N>): number[];
}

/** @param runner of the heap */
export const createJob = (heap: Heap, runner: Runner, ask: Ask, threads: number): Job => ({
  threads,
  ask,
  views: heap.views,
  scratch: heap.scratch,
  call: (name, fields) => runner.run([encode(name, fields)])[0]!,
  split: (name, split, common) => runner.run(splitCall(name, split, common, threads)),
  splitAll: (name, things) =>
    runner.run(things.flatMap(({ split, common }) => splitCall(name, split, common, threads))),
  each: (name, count, fields) => runner.run(Array.from({ length: count }, (_, i) => encode(name, fields(i)))),
});
