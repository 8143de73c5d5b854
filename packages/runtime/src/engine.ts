// The Engine contract: what turns a packed model into something that runs. Engines are plain objects made by
// factories (`jsEngine()`, `wasmEngine(options)`) and live in their own packages; importing one does nothing.
import type { RunsHere } from '@bitgrad/bits';
import type { PackedModel } from './model.js';
import type { OpName } from './plan.js';

/** Options of {@link Engine.compile}; an engine ignores what does not apply to it and says so in its report. */
export interface ExecutableOptions {
  /** Threads wanted, 1 to 64 (default 1). Results do not depend on it; `report()` says why there are fewer. */
  threads?: number;
  /** Refuse (`kernel-missing`) instead of using a slower kernel where a fast one should run (default false). */
  strict?: boolean;
  /** Most bytes that the executable may hold for weights and activations; more is `limit-exceeded` (default: no limit). */
  memoryBytes?: number;
  /** Aborts the compilation; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** What ran for one op of the plan. */
export interface OpReport {
  /** Index in `plan.ops`. */
  index: number;
  op: OpName;
  /** The op's `name`, when it has one. */
  name?: string;
  /** Kernel that runs it, for example `xnor-gemm-relaxed`, or `fused:3` when op 3's kernel includes it. */
  kernel: string;
  /** Why not a faster kernel, when one exists. */
  reason?: string;
}

/** What an executable is made of. */
export interface EngineReport {
  engine: string;
  /** Build or mode within the engine, for example `simd`, `relaxed-simd`, `scalar`. */
  variant?: string;
  threads: number;
  /** Why fewer threads run than were asked for, when they do. */
  threadsReason?: string;
  /** Bytes held for activations and scratch. */
  arenaBytes: number;
  /** Bytes held for weights in the engine's own layout. */
  weightBytes: number;
  ops: readonly OpReport[];
}

/** Input accepted by {@link Executable}: Uint8Array (or clamped) for a `u8` plan, Float32Array for `f32`. */
export type InputArray = Uint8Array | Uint8ClampedArray | Float32Array;
/** Output of {@link Executable}: Float32Array for an `f32` plan, Int32Array for `i32`. */
export type OutputArray = Float32Array | Int32Array;

/**
 * Key of a function that only tests call: it hands every byte that a run may find as an earlier run left it (arena, scratch,
 * slots of a GPU) to `fill`, which writes noise there. Results must not depend on it. Not part of the contract: an engine
 * without it is tested on the memory that it happens to have.
 * @internal
 */
export const dirtyMemory: unique symbol = Symbol.for('bitgrad.dirtyMemory');

/** A compiled model that holds its memory until it is disposed. Not reentrant: one run at a time. */
export interface Executable {
  /** False where only {@link Executable.runAsync} works (GPU engines). */
  readonly synchronous: boolean;
  /**
   * Runs the plan on n >= 1 examples.
   * @param input n * (elements of the plan's input), row-major, of the input's type
   * @param output takes the result when given, length n * (elements of the plan's output); then nothing is
   *   allocated. Without it a new array is returned, owned by the caller.
   * @throws BitgradError `shape-mismatch` (length, type), `disposed`, `invalid-state` where not synchronous
   */
  run(input: InputArray, output?: OutputArray): OutputArray;
  /** As {@link Executable.run}; never blocks on a GPU or on other threads. */
  runAsync(input: InputArray, output?: OutputArray): Promise<OutputArray>;
  /** Kernel of every op, threads, memory. */
  report(): EngineReport;
  /** Frees everything; a second call does nothing. */
  dispose(): void;
  /** @internal */
  readonly [dirtyMemory]?: (fill: (memory: Uint8Array) => void) => void;
}

/**
 * An engine. `compile` may assume a model that `decodeModel` or `validateModel` accepted; it must not write
 * to the model's weights and must not keep views of them after {@link Executable.dispose}.
 *
 * Agreement: integer results (`i32`, `bits`) are equal bit for bit on every engine and thread count. Engines
 * that run on a CPU follow the float32 order stated in plan.ts, so their `f32` results are equal bit for bit
 * as well; GPU engines may differ in `f32` by a tolerance that they document.
 */
export interface Engine extends RunsHere {
  /**
   * Prepares a model.
   * @throws BitgradError `backend-unavailable`, `unsupported-op` (naming the op), `limit-exceeded` (memory)
   */
  compile(model: PackedModel, options?: ExecutableOptions): Promise<Executable>;
}
