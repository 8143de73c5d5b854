// What the kernels of this adapter are made of.
import type { Kernel } from '@bitgrad/core';
import type { Ask, Fields, FunctionName } from '../calls.js';
import type { Heap } from '../heap.js';
import type { Job } from '../job.js';

/** What kernels are made of. */
export interface KernelContext {
  readonly heap: Heap;
  /** A size, by the function that gives it. */
  readonly ask: Ask;
  /** Runs a function on the heap, on this thread. */
  call<N extends FunctionName>(name: N, fields: Fields<N>): number;
  /**
   * Runs a kernel's job of about `work` multiply-accumulates or other steps, on as many threads as it is worth; more than
   * one are counted in the report as `kernel/threads`.
   */
  run<T>(kernel: string, work: number, body: (job: Job) => T): T;
  /** Whether table kernels may be used. */
  readonly fused: boolean;
  /** Counts a variant of a kernel, shown in the report as `Kernel/variant`. */
  count(name: string): void;
}

/** A family of kernels by tfjs kernel name. */
export type KernelFamily = (context: KernelContext) => Readonly<Record<string, Kernel>>;
