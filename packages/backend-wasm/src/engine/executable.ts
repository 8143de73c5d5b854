// Compiles a model for one target and runs it: places the program in a new memory, starts workers, and turns
// each run into one call of the module.
import type { EngineReport, Executable, InputArray, OutputArray, PackedModel } from '@bitgrad/runtime';
import { failure, tooLarge } from './errors.js';
import { lower, type Lowered } from './lower.js';
import { engineModule, type EngineExports } from './module.js';
import { place, write, type Layout } from './place.js';
import type { Target } from './program.js';
import { isDense, rowsOf } from './tensors.js';
import { startWorkers, stopWorkers, type WorkerLike } from './threads.js';

const pageBytes = 65536;

/** The report of the WebAssembly engine: why fewer threads run than were asked for, when they do. */
export interface WasmEngineReport extends EngineReport {
  threadsReason?: string;
}

function allocate({ totalBytes }: Layout, { threads }: Target): WebAssembly.Memory {
  const pages = Math.ceil(totalBytes / pageBytes);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: threads > 1 });
  } catch (cause) {
    throw failure('limit-exceeded', 'memory of the model', {
      got: totalBytes,
      next: 'There is not that much memory here.',
      cause,
    });
  }
}

/** Whether this thread may sleep in Atomics.wait: not the main thread of a page. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** What {@link createExecutable} needs besides the model. */
export interface ExecutableOptions {
  target: Target;
  memoryBytes?: number;
  createWorker: () => WorkerLike;
  signal?: AbortSignal;
  strict: boolean;
  threadsReason?: string;
}

const reportOf = ({ program }: Lowered, layout: Layout, threadsReason?: string): WasmEngineReport => ({
  engine: 'wasm',
  variant: program.target.variant,
  threads: program.target.threads,
  arenaBytes: layout.arenaBytes + layout.scratchBytes * program.target.threads,
  weightBytes: program.constantBytes,
  ops: program.reports,
  ...(threadsReason && { threadsReason }),
});

/** Compiles a model; see `Engine.compile`. */
export async function createExecutable(model: PackedModel, options: ExecutableOptions): Promise<Executable> {
  const { target, memoryBytes = Infinity, signal, strict } = options;
  const lowered = lower(model, target, memoryBytes);
  const slow = strict && lowered.program.reports.find(({ reason }) => reason);
  if (slow)
    throw failure('kernel-missing', `fast kernel for op ${slow.index} (${slow.name ?? slow.op})`, {
      got: slow.reason,
      next: 'Compile without strict to use a slower one.',
    });
  const layout = place(lowered.program);
  if (layout.totalBytes > memoryBytes) throw tooLarge(layout.totalBytes, memoryBytes);
  const memory = allocate(layout, target);
  write(lowered.program, layout, memory.buffer);
  const module = await engineModule(target);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const engine = exports as unknown as EngineExports;
  engine.prepare();
  const workers =
    target.threads > 1 ? await startWorkers(target.threads, module, memory, options.createWorker) : [];
  if (signal?.aborted) {
    stopWorkers(workers);
    signal.throwIfAborted();
  }
  return executable(lowered, engine, memory, workers, reportOf(lowered, layout, options.threadsReason));
}

const typeName = (value: unknown): string =>
  `${(value as object | undefined)?.constructor.name} of ${(value as { length?: number } | undefined)?.length}`;

function executable(
  { input, output }: Pick<Lowered, 'input' | 'output'>,
  engine: EngineExports,
  memory: WebAssembly.Memory,
  workers: readonly WorkerLike[],
  report: WasmEngineReport,
): Executable {
  const [inputSize, outputSize] = [rowsOf(input) * input.c, rowsOf(output) * output.c];
  const bytes = input.type === 'u8';
  const Output = output.type === 'f32' ? Float32Array : Int32Array;
  const source = new (bytes ? Uint8Array : Float32Array)(memory.buffer, input.region.base, inputSize);
  // The rows of an output may have gaps between them; its border, if any, is skipped as well.
  const rows = isDense(output) ? 1 : rowsOf(output);
  const length = outputSize / rows;
  const targets = Array.from({ length: rows }, (_, r) => {
    const [y, x] = [Math.floor(r / output.w) + output.border[0], (r % output.w) + output.border[1]];
    return new Output(memory.buffer, output.region.base + y * output.pitch + x * output.pixel, length);
  });
  const sleep = workers.length > 0 && maySleep() ? 1 : 0;
  let live: EngineExports | undefined = engine;
  const run = (given: InputArray, taken?: OutputArray): OutputArray => {
    if (!live) throw failure('disposed', 'model', { next: 'Load it again.' });
    const n = given?.length / inputSize;
    const typed = bytes
      ? given instanceof Uint8Array || given instanceof Uint8ClampedArray
      : given instanceof Float32Array;
    if (!typed || !Number.isInteger(n) || n < 1)
      throw failure('shape-mismatch', 'input', {
        got: typeName(given),
        expected: `${bytes ? 'Uint8Array' : 'Float32Array'} of a multiple of ${inputSize}`,
      });
    const result = taken ?? new Output(n * outputSize);
    if (!(result instanceof Output) || result.length !== n * outputSize)
      throw failure('shape-mismatch', 'output array', {
        got: typeName(result),
        expected: `${Output.name} of ${n * outputSize}`,
      });
    for (let example = 0; example < n; example++) {
      source.set(n === 1 ? given : given.subarray(example * inputSize, (example + 1) * inputSize));
      live.run(sleep);
      for (let r = 0; r < rows; r++) result.set(targets[r]!, example * outputSize + r * length);
    }
    return result;
  };
  return {
    synchronous: true,
    run,
    runAsync: async (given, taken) => run(given, taken),
    report: () => report,
    dispose: () => {
      live = undefined;
      stopWorkers(workers);
      targets.length = 0;
    },
  };
}
