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

type Numbers = Float64Array | Uint32Array;

/** Numbers that are handed over: an array that grows, and its beginnings, each length once, since making one costs as much as a small kernel. */
function createNumbers<T extends Numbers>(make: (length: number) => T, start: number) {
  let all = make(start);
  const made = new Map<number, T>();
  return {
    /** An array with room for `length` numbers; those before stay, up to `kept`. */
    room(length: number, kept: number): T {
      if (all.length < length) {
        const before = all.subarray(0, kept);
        all = make(2 * length);
        all.set(before);
        made.clear();
      }
      return all;
    },
    /** The first `length` numbers. */
    first(length: number): T {
      const known = made.get(length) ?? (all.subarray(0, length) as T);
      made.set(length, known);
      return known;
    },
  };
}

const floats = (length: number): Float64Array => new Float64Array(length);
const integers = (length: number): Uint32Array => new Uint32Array(length);

/** Phases that wait to be run together, as `runPhases` takes them. */
function createQueue() {
  const [args, phases] = [createNumbers(floats, 4096), createNumbers(integers, 64)];
  let [length, entries] = [0, 0];
  return {
    add(index: number, calls: readonly Call[]): void {
      const numbers = args.room(length + calls.length * calls[0]!.args.length, length);
      for (const call of calls) for (const value of call.args) numbers[length++] = value;
      const places = phases.room(entries + 2, entries);
      places[entries++] = index;
      places[entries++] = calls.length;
    },
    /** Hands over what waits, if anything does; nothing waits then, also where `run` fails. */
    take(run: (phases: Uint32Array, args: Float64Array) => void): void {
      if (entries === 0) return;
      const waiting = [phases.first(entries), args.first(length)] as const;
      length = entries = 0;
      run(...waiting);
    },
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
  const [args, results] = [createNumbers(floats, 1024), createNumbers(floats, 64)];
  const queue = createQueue();
  let heap = new Uint8Array(memory.buffer);
  const native = (work: (heap: Uint8Array) => void): void => {
    // tfjs's malloc may have grown the memory.
    if (heap.buffer !== memory.buffer) heap = new Uint8Array(memory.buffer);
    try {
      work(heap);
    } catch (cause) {
      throw failure('invalid-state', {
        what: `a native kernel failed: ${(cause as Error).message}`,
        next: 'Report it, and use the wasm backend.',
        cause,
      });
    }
  };
  const runNative = (index: number, calls: readonly Call[]): number[] => {
    const length = calls.length * calls[0]!.args.length;
    const [numbers, values] = [args.room(length, 0), results.room(calls.length, 0)];
    let end = 0;
    for (const call of calls) for (const value of call.args) numbers[end++] = value;
    native((bytes) => training.run(bytes, index, args.first(length), results.first(calls.length)));
    return calls.map((_, i) => values[i]!);
  };
  /** Of the function that is called, where the addon has it. */
  const indexOf = (calls: readonly Call[]): number | undefined =>
    calls.length > 0 ? indices.get(calls[0]!.name) : undefined;
  const run = (calls: readonly Call[]): number[] => {
    const index = indexOf(calls);
    return index === undefined ? wasm.run(calls) : runNative(index, calls);
  };
  const flush = (): void =>
    queue.take((phases, numbers) => native((bytes) => training.runPhases(bytes, phases, numbers)));
  const later = (calls: readonly Call[]): void => {
    const index = indexOf(calls);
    if (index !== undefined) return queue.add(index, calls);
    flush();
    wasm.run(calls);
  };
  const runner = { memory, run, later, flush };
  const local: Runner = { threads: 1, ...runner };
  return threads > 1 ? { local, pool: { threads, ...runner } } : { local };
}
