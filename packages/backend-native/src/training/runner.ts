// Runs the calls of kernels by the addon, on its threads; those that it has no function for by the WebAssembly module, on the
// same heap, one after another.
import type { Call, Runner } from '@bitgrad/backend-wasm/training';
import type { NativeTraining } from '../addon.js';
import { failure } from '../errors.js';

/** Runners on one heap: with one thread, and with all. */
export interface NativeRunners {
  readonly local: Runner;
  readonly pool?: Runner;
}

/** Arrays for numbers, each length once: they are as good for the next call, and making one costs as much as a small kernel. */
function views(start: number): (length: number) => Float64Array {
  let all = new Float64Array(start);
  const made = new Map<number, Float64Array>();
  return (length) => {
    if (all.length < length) {
      all = new Float64Array(2 * length);
      made.clear();
    }
    const known = made.get(length) ?? all.subarray(0, length);
    made.set(length, known);
    return known;
  };
}

/** @param wasm the module on the same memory, for what the addon lacks */
export function nativeRunners(
  training: NativeTraining,
  memory: WebAssembly.Memory,
  threads: number,
  wasm: Runner,
): NativeRunners {
  const indices = new Map(training.functions().map((name, index) => [name, index]));
  const numbers = { args: views(1024), results: views(64) };
  let heap = new Uint8Array(memory.buffer);
  const runNative = (index: number, calls: readonly Call[]): number[] => {
    // tfjs's malloc may have grown the memory.
    if (heap.buffer !== memory.buffer) heap = new Uint8Array(memory.buffer);
    const args = numbers.args(calls.length * calls[0]!.args.length);
    const results = numbers.results(calls.length);
    let end = 0;
    for (const call of calls) for (const value of call.args) args[end++] = value;
    try {
      training.run(heap, index, args, results);
    } catch (cause) {
      throw failure('invalid-state', {
        what: `a native kernel failed: ${(cause as Error).message}`,
        next: 'Report it, and use the wasm backend.',
        cause,
      });
    }
    return calls.map((_, i) => results[i]!);
  };
  const run = (calls: readonly Call[]): number[] => {
    const index = calls.length > 0 ? indices.get(calls[0]!.name) : undefined;
    return index === undefined ? wasm.run(calls) : runNative(index, calls);
  };
  const local: Runner = { threads: 1, memory, run };
  return threads > 1 ? { local, pool: { threads, memory, run } } : { local };
}
