// Compiles a model for one target and runs it: places the program in a new memory, starts workers, and turns
// each run into one call of the module.
import { within } from '@bitgrad/bits';
import {
  dirtyMemory,
  resultFor,
  type EngineReport,
  type Executable,
  type InputArray,
  type OutputArray,
  type PackedModel,
  type Plan,
} from '@bitgrad/runtime';
import { failure, tooLarge } from './errors.js';
import type { GivenModule } from './given-module.js';
import { lower, seldomOps, type Lowered } from './lower.js';
import { engineModule, type EngineExports } from './module.js';
import { place, write, type Layout } from './place.js';
import type { Target } from './program.js';
import { rowsOf, type Tensor } from './tensors.js';
import type { Crew } from './threads.js';
import type { WorkerLike } from './worker.js';

const pageBytes = 65536;
/** As in assembly/engine/index.ts: how often a waiting thread looks for progress. */
const sliceMs = 50;

function allocate(totalBytes: number, shared: boolean): WebAssembly.Memory {
  const pages = Math.ceil(totalBytes / pageBytes);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (cause) {
    throw failure('limit-exceeded', {
      what: 'memory of the model',
      got: totalBytes,
      next: 'There is not that much memory here.',
      cause,
    });
  }
}

/** What {@link createExecutable} needs besides the model. */
export interface ExecutableOptions {
  target: Target;
  given?: GivenModule;
  memoryBytes?: number;
  createWorker?: () => WorkerLike;
  signal?: AbortSignal;
  strict: boolean;
  threadsReason?: string;
  /** How long nothing may move in a run on several threads before a worker counts as lost. */
  stallMs: number;
  /** How long the workers may take to start. */
  startMs: number;
}

const reportOf = ({ program }: Lowered, layout: Layout, threadsReason?: string): EngineReport => ({
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
  const { target, given, signal, strict } = options;
  // A WebAssembly memory has no more.
  const memoryBytes = Math.min(options.memoryBytes ?? Infinity, 2 ** 32);
  // A page for models without these ops does without their parts.
  const has = (...names: readonly string[]): boolean => model.plan.ops.some(({ op }) => names.includes(op));
  const [sums, seldom, module] = await Promise.all([
    has('add') ? import('./sums.js') : undefined,
    has(...seldomOps) ? import('./lower-seldom.js') : undefined,
    given?.module ?? engineModule(target),
  ]);
  const lowered = lower(model, target, memoryBytes, { sums, seldom });
  const slow = strict && lowered.program.reports.find(({ reason }) => reason);
  if (slow)
    throw failure('kernel-missing', {
      what: `fast kernel for op ${slow.index} (${slow.name ?? slow.op})`,
      got: slow.reason,
      next: 'Compile without strict to use a slower one.',
    });
  const layout = place(lowered.program);
  if (layout.totalBytes > memoryBytes) throw tooLarge(layout.totalBytes, memoryBytes);
  const memory = allocate(layout.totalBytes, given?.shared ?? target.threads > 1);
  write(lowered.program, layout, memory.buffer, Math.ceil(options.stallMs / sliceMs));
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const engine = exports as unknown as EngineExports;
  engine.prepare();
  let crew: Crew | undefined;
  if (target.threads > 1)
    try {
      // What starts them is loaded only now.
      const { startCrew } = await import('./threads.js');
      crew = await startCrew({ ...options, threads: target.threads, module, memory, within, failure });
    } catch (error) {
      if (strict) throw error;
      return createExecutable(model, {
        ...options,
        target: { ...target, threads: 1 },
        threadsReason: (error as Error).message,
      });
    }
  if (signal?.aborted) {
    crew?.stop();
    signal.throwIfAborted();
  }
  const report = reportOf(lowered, layout, options.threadsReason);
  return executable(
    model.plan,
    { input: lowered.input, output: lowered.output },
    layout,
    { engine, memory, module, crew },
    report,
    strict,
  );
}

/** The tensors that a caller writes and reads. */
type Ends = Pick<Lowered, 'input' | 'output'>;

/** What runs a program: an instance on its memory, and the workers that share it. */
interface Instance {
  engine: EngineExports;
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
  crew?: Crew | undefined;
}

const size = (t: Tensor): number => rowsOf(t) * t.c;

/** Views of the input and of the region of the output in the memory. */
function viewsOf({ input, output }: Ends, { buffer }: WebAssembly.Memory) {
  const Input = input.type === 'u8' ? Uint8Array : Float32Array;
  const Output = output.type === 'f32' ? Float32Array : Int32Array;
  return {
    source: new Input(buffer, input.region.base, size(input)),
    values: new Output(buffer, output.region.base, size(output)),
  };
}

function executable(
  plan: Plan,
  ends: Ends,
  { arenaAt }: Layout,
  instance: Instance,
  firstReport: EngineReport,
  strict: boolean,
): Executable {
  const { input, output } = ends;
  const [inputSize, outputSize] = [size(input), size(output)];
  let live: Instance | undefined = instance;
  let report = firstReport;
  let views: ReturnType<typeof viewsOf> | undefined = viewsOf(ends, instance.memory);
  const sleep = instance.crew?.maySleep ? 1 : 0;
  /** Runs one example; after the loss of a worker once more, on one thread. */
  const runOne = (example: InputArray): void => {
    views!.source.set(example);
    if (live!.engine.run(sleep) === 1) return;
    const { reason, next, ...alone } = live!.crew!.alone(live!, allocate);
    live = { module: live!.module, ...alone };
    views = viewsOf(ends, live.memory);
    report = { ...report, threads: 1, threadsReason: reason };
    if (strict) throw failure('invalid-state', { what: reason, next });
    runOne(example);
  };
  const run = (given: InputArray, taken?: OutputArray): OutputArray => {
    if (!live) throw failure('disposed', { what: 'the model was disposed', next: 'Load it again.' });
    const result = resultFor(plan, given, taken);
    const n = given.length / inputSize;
    for (let example = 0; example < n; example++) {
      runOne(n === 1 ? given : given.subarray(example * inputSize, (example + 1) * inputSize));
      result.set(views!.values, example * outputSize);
    }
    return result;
  };
  return {
    synchronous: true,
    run,
    runAsync: async (given, taken) => run(given, taken),
    report: () => report,
    dispose: () => {
      live?.crew?.stop();
      live = views = undefined;
    },
    [dirtyMemory]: (fill) => fill(new Uint8Array(live!.memory.buffer, arenaAt)),
  };
}
