// A compiled model: lowered to a program as for the WebAssembly engine, and run by the addon.
import {
  lower,
  place,
  write,
  type Layout,
  type Lowered,
  type Target,
  type Tensor,
} from '@bitgrad/backend-wasm/lowering';
import {
  dirtyMemory,
  resultFor,
  type EngineReport,
  type Executable,
  type InputArray,
  type OutputArray,
  type PackedModel,
} from '@bitgrad/runtime';
import type { Addon, NativeImage, NativeProgram } from '../addon.js';
import { failure } from '../errors.js';

/** What {@link createExecutable} needs besides the model. */
export interface ExecutableOptions {
  addon: Addon;
  isa: string;
  threads: number;
  memoryBytes: number;
  strict: boolean;
}

const unit = { u8: 1, i32: 4, f32: 4, bits: 1, i16: 2 } as const;

const imageOf = (t: Tensor): NativeImage => ({
  at: t.region.base + t.start,
  lines: t.h,
  pixels: t.w,
  bytes: t.c * unit[t.type],
  pixel: t.pixel,
  pitch: t.pitch,
});

/** Names of products of levels by what runs them. */
const kernelName = (kernel: string, isa: string): string =>
  kernel === 'xnor-lookup' ? `xnor-${isa}` : kernel;

const reportOf = ({ program }: Lowered, layout: Layout, isa: string, bytes: number): EngineReport => ({
  engine: 'native',
  variant: isa,
  threads: program.target.threads,
  arenaBytes: layout.arenaBytes + layout.scratchBytes * program.target.threads,
  // With what the addon packed of it.
  weightBytes: program.constantBytes + bytes - layout.totalBytes,
  ops: program.reports.map((op) => ({ ...op, kernel: kernelName(op.kernel, isa) })),
});

/** The largest size that the addon takes. */
const mostBytes = 2 ** 33;

/** The addon's program; its memory is its own. */
function nativeProgram(lowered: Lowered, layout: Layout, options: ExecutableOptions) {
  const { addon, isa, threads } = options;
  const limitBytes = Math.min(options.memoryBytes, mostBytes);
  const groups = lowered.program.groups.length;
  // Constants and records; the addon copies them.
  const image = new Uint8Array(layout.arenaAt);
  write(lowered.program, layout, image.buffer, 0);
  try {
    return new addon.NativeProgram(
      image,
      { ...layout, groups, threads, limitBytes, input: imageOf(lowered.input), output: imageOf(lowered.output) }, // prettier-ignore
      isa,
    );
  } catch (cause) {
    const memory = (cause as Error).message.startsWith('memory:');
    throw failure(memory ? 'limit-exceeded' : 'backend-unavailable', {
      what: `program of the model: ${(cause as Error).message}`,
      next: memory ? 'There is not that much memory here.' : 'Use the wasm engine.',
      cause,
    });
  }
}

/** Compiles a model; see `Engine.compile`. */
export function createExecutable(model: PackedModel, options: ExecutableOptions): Executable {
  const { threads, strict, memoryBytes, isa } = options;
  // Records as for SIMD: panels of 64 and 16 channels.
  const blocks = { rows: 8, least: 64 };
  const target: Target = { variant: 'simd', simd: true, relaxed: false, narrow: false, threads, blocks };
  // Addresses are 32 bits.
  const limit = Math.min(memoryBytes, 2 ** 32);
  const lowered = lower(model, target, limit);
  const slow = strict && lowered.program.reports.find(({ reason }) => reason);
  if (slow)
    throw failure('kernel-missing', {
      what: `fast kernel for op ${slow.index} (${slow.name ?? slow.op})`,
      got: slow.reason,
      next: 'Compile without strict to use a slower one.',
    });
  const layout = place(lowered.program);
  expectWithin(limit, layout.totalBytes);
  const program = nativeProgram(lowered, layout, options);
  const bytes = program.bytes();
  try {
    expectWithin(limit, bytes);
  } catch (error) {
    program.dispose();
    throw error;
  }
  return executable(
    model,
    program,
    reportOf(lowered, layout, isa, bytes),
    layout.totalBytes - layout.arenaAt,
  );
}

function expectWithin(limit: number, bytes: number): void {
  if (bytes > limit)
    throw failure('limit-exceeded', {
      what: 'memory of the model',
      got: bytes,
      expected: `at most ${limit} bytes`,
      next: 'Raise the limit memoryBytes if you trust the file.',
    });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function executable(
  { plan }: PackedModel,
  program: NativeProgram,
  report: EngineReport,
  dirtyBytes: number,
): Executable {
  let live: NativeProgram | undefined = program;
  /** The end of the run in work: the addon would hold a thread of Node's pool for each that waits. */
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const begin = (input: InputArray, output?: OutputArray): OutputArray => {
    if (!live) throw failure('disposed', { what: 'the model was disposed', next: 'Load it again.' });
    return resultFor(plan, input, output);
  };
  const run = (input: InputArray, output?: OutputArray): OutputArray => {
    const result = begin(input, output);
    // The addon refuses arrays that overlap.
    const given = output && input.buffer === output.buffer ? input.slice() : input;
    live!.run(bytesOf(given), bytesOf(result));
    return result;
  };
  const runAsync = async (input: InputArray, output?: OutputArray): Promise<OutputArray> => {
    const result = begin(input, output);
    const own = live!;
    // Taken now: the caller may write to its array when it has the promise.
    const given = input.slice();
    waiting++;
    const done = last.then(() => own.runAsync(bytesOf(given))).finally(() => waiting--);
    last = done.catch(() => undefined);
    bytesOf(result).set(await done);
    return result;
  };
  return {
    synchronous: true,
    run,
    runAsync,
    report: () => report,
    dispose: () => {
      const own = live;
      live = undefined;
      // Not here while runs are in work: the addon would wait for them, and the event loop with it.
      if (waiting > 0) void last.then(() => own?.dispose());
      else own?.dispose();
    },
    [dirtyMemory]: (fill) => {
      const noise = new Uint8Array(dirtyBytes);
      fill(noise);
      live!.soil(noise);
    },
  };
}
