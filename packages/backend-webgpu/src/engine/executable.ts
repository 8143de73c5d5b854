// A model on a WebGPU device: buffers, bind groups and pipelines made once; an inference is one command buffer, or one
// for a whole batch, with one upload and one read-back.
import {
  elementCount,
  oneThread,
  resultFor,
  storageBytes,
  type ExecutableOptions,
  type EngineReport,
  type Executable,
  type InputArray,
  type OutputArray,
  type PackedModel,
} from '@bitgrad/runtime';
import { assignSlots, inTurn, lowerModel, opReports, type Program } from '@bitgrad/shaders';
import { failure, type Gpu } from './device.js';
import { dispatchOf, tiles, type Dispatch } from './wgsl.js';

/** What an inference costs, counted from the shaders' loops, not measured. */
export interface GpuCounts {
  readonly dispatches: number;
  /** Bytes that the shaders read from and write to GPU memory, caches not considered. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes that cross between host and GPU. */
  readonly bytesUploaded: number;
  readonly bytesReadBack: number;
}

/** The report of the WebGPU engine. */
export interface WebgpuReport extends EngineReport {
  readonly adapter: string;
  readonly perInference: GpuCounts;
}

/** A model on a GPU. */
export interface WebgpuExecutable extends Executable {
  report(): WebgpuReport;
  /** After `context-lost`: puts the model on a new device. Does nothing while the device works. */
  restore(): Promise<void>;
}

/** Usage flags, by their values in the standard: the globals are missing in Node. */
const USE = { mapRead: 1, copySource: 4, copyTarget: 8, storage: 128 } as const;

/** Most bytes of a batch that are uploaded or read back at once; a longer batch takes several submissions. */
const batchBytes = 2 ** 26;

/** How long after a failed mapping a loss may become known, in milliseconds. */
const lossDelayMs = 1000;

interface Step {
  pipeline: GPUComputePipeline;
  group: GPUBindGroup;
  counts: readonly [number, number];
}

/** Everything that lives on the device. */
interface Resident {
  gpu: Gpu;
  steps: readonly Step[];
  input: GPUBuffer;
  output: GPUBuffer;
  weightBytes: number;
  slotBytes: number;
  dispatches: readonly Dispatch[];
  /** Upload and read-back buffers, grown to the largest batch. */
  staging: { n: number; upload: GPUBuffer; readback: GPUBuffer } | undefined;
  destroy(): void;
}

const align = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

async function load(gpu: Gpu, program: Program, memoryBytes: number): Promise<Resident> {
  const { device } = gpu;
  const slots = assignSlots(program);
  const sizes = [...slots.words, ...program.constants.map(({ length }) => length)].map((words) =>
    align(4 * words),
  );
  const total = sizes.reduce((a, b) => a + b, 0);
  const largest = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  if (total > memoryBytes || sizes.some((size) => size > largest))
    throw failure('limit-exceeded', {
      what: 'memory of the model',
      got: total,
      expected: `at most ${Math.min(memoryBytes, Number.MAX_SAFE_INTEGER)} bytes, and ${largest} in one buffer`,
    });
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  const made: GPUBuffer[] = [];
  const create = (size: number, usage: number): GPUBuffer => {
    const buffer = device.createBuffer({ size, usage });
    made.push(buffer);
    return buffer;
  };
  const memory = slots.words.map((words) =>
    create(align(4 * words), USE.storage | USE.copySource | USE.copyTarget),
  );
  const constants = program.constants.map((data) => {
    const buffer = create(align(data.byteLength), USE.storage | USE.copyTarget);
    device.queue.writeBuffer(buffer, 0, data as Uint32Array<ArrayBuffer>);
    return buffer;
  });
  const destroy = (): void => made.splice(0).forEach((buffer) => buffer.destroy());
  const bufferOf = (buffer: number): GPUBuffer => memory[slots.slotOf[buffer]!]!;
  const dispatches = program.kernels.map((kernel) => dispatchOf(kernel, program.words[kernel.write]!));
  try {
    const steps = await Promise.all(
      program.kernels.map(async ({ reads, write }, i): Promise<Step> => {
        const { code, groups } = dispatches[i]!;
        const pipeline = await gpu.pipeline(code, reads.length);
        const resources = [
          ...reads.map((ref) => ('buffer' in ref ? bufferOf(ref.buffer) : constants[ref.constant]!)),
          bufferOf(write),
        ];
        const group = device.createBindGroup({
          layout: pipeline.getBindGroupLayout(0),
          entries: resources.map((buffer, binding) => ({ binding, resource: { buffer } })),
        });
        return { pipeline, group, counts: groups };
      }),
    );
    const errors = [await device.popErrorScope(), await device.popErrorScope()];
    const error = errors.find((e) => e !== null);
    if (error) throw failure('limit-exceeded', { what: `the GPU refused the model: ${error.message}` });
    const slotBytes = slots.words.reduce((sum, words) => sum + align(4 * words), 0);
    return {
      gpu,
      steps,
      dispatches,
      destroy,
      slotBytes,
      weightBytes: total - slotBytes,
      staging: undefined,
      input: bufferOf(program.input),
      output: bufferOf(program.output),
    };
  } catch (cause) {
    destroy();
    throw gpu.lost() !== undefined ? lostError(gpu, cause) : cause;
  }
}

const lostError = (gpu: Gpu, cause?: unknown) =>
  failure('context-lost', {
    what: `the WebGPU device was lost (${gpu.lost()})`,
    next: 'Call restore() of the executable, or load the model again.',
    cause,
  });

function reportOf(
  model: PackedModel,
  program: Program,
  resident: Resident,
  bytes: readonly [number, number],
): WebgpuReport {
  const { dispatches, gpu } = resident;
  const sum = (pick: (d: Dispatch) => number): number => 4 * dispatches.reduce((s, d) => s + pick(d), 0);
  return {
    engine: 'webgpu',
    adapter: gpu.adapter,
    threads: 1,
    arenaBytes: resident.slotBytes,
    weightBytes: resident.weightBytes,
    ops: opReports(model, program, ({ name }, i) => `${name}${dispatches[i]!.tiled ? '-tiled' : ''}`),
    perInference: {
      dispatches: dispatches.length,
      bytesRead: sum(({ reads }) => reads),
      bytesWritten: sum(({ writes }) => writes),
      bytesUploaded: bytes[0],
      bytesReadBack: bytes[1],
    },
  };
}

/** Puts a model on a device. `acquire` gives a working device, a new one after a loss. */
export async function createExecutable(
  model: PackedModel,
  acquire: () => Promise<Gpu>,
  options: ExecutableOptions,
): Promise<WebgpuExecutable> {
  const { plan } = model;
  const { memoryBytes = Infinity, signal } = options;
  const program = lowerModel(model, { fuseThreshold: (positions) => tiles(positions), memoryBytes });
  const [source, target] = [plan.buffers[plan.input]!, plan.buffers[plan.output]!];
  const bytesIn = storageBytes(source.type, source.shape);
  const bytesOut = storageBytes(target.type, target.shape);
  const pitch = Math.ceil(bytesIn / 4) * 4;
  const start = async (): Promise<Resident> => {
    const gpu = await acquire();
    try {
      const resident = await load(gpu, program, memoryBytes);
      signal?.throwIfAborted();
      return resident;
    } catch (error) {
      gpu.release();
      throw error;
    }
  };
  let resident: Resident | undefined = await start();
  const stop = ({ staging, destroy, gpu }: Resident): void => {
    staging?.upload.destroy();
    staging?.readback.destroy();
    destroy();
    gpu.release();
  };
  const alive = (): Resident => {
    if (!resident) throw failure('disposed', { what: 'the model was disposed', next: 'Load it again.' });
    return resident;
  };
  const stage = (at: Resident, n: number): NonNullable<Resident['staging']> => {
    if (at.staging && at.staging.n >= n) return at.staging;
    at.staging?.upload.destroy();
    at.staging?.readback.destroy();
    const { device } = at.gpu;
    return (at.staging = {
      n,
      upload: device.createBuffer({ size: n * pitch, usage: USE.copySource | USE.copyTarget }),
      readback: device.createBuffer({ size: n * bytesOut, usage: USE.mapRead | USE.copyTarget }),
    });
  };
  /** Runs a part of a batch in one submission. */
  const inferPart = async (input: InputArray, result: OutputArray): Promise<void> => {
    const at = alive();
    const { gpu, steps } = at;
    if (gpu.lost() !== undefined) throw lostError(gpu);
    const n = input.length / elementCount(source.shape);
    const { upload, readback } = stage(at, n);
    const bytes = new Uint8Array(input.buffer as ArrayBuffer, input.byteOffset, input.byteLength);
    let rows = bytes;
    if (pitch !== bytesIn) {
      rows = new Uint8Array(n * pitch);
      for (let i = 0; i < n; i++) rows.set(bytes.subarray(i * bytesIn, (i + 1) * bytesIn), i * pitch);
    }
    gpu.device.queue.writeBuffer(upload, 0, rows);
    const encoder = gpu.device.createCommandEncoder();
    for (let i = 0; i < n; i++) {
      encoder.copyBufferToBuffer(upload, i * pitch, at.input, 0, pitch);
      const pass = encoder.beginComputePass();
      for (const { pipeline, group, counts } of steps) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(counts[0], counts[1]);
      }
      pass.end();
      encoder.copyBufferToBuffer(at.output, 0, readback, i * bytesOut, bytesOut);
    }
    gpu.device.queue.submit([encoder.finish()]);
    try {
      await readback.mapAsync(1, 0, n * bytesOut);
      const mapped = readback.getMappedRange(0, n * bytesOut);
      result.set(target.type === 'f32' ? new Float32Array(mapped) : new Int32Array(mapped));
      readback.unmap();
    } catch (cause) {
      if (resident !== at)
        throw failure('disposed', { what: 'the model was disposed', next: 'Load it again.', cause });
      // The loss may become known only after the failed mapping.
      await Promise.race([gpu.device.lost, new Promise((resolve) => setTimeout(resolve, lossDelayMs))]);
      alive();
      throw gpu.lost() !== undefined
        ? lostError(gpu, cause)
        : failure('invalid-state', { what: 'the result could not be read from the GPU', cause });
    }
  };
  const infer = async (input: InputArray, result: OutputArray): Promise<OutputArray> => {
    const [size, outputs] = [elementCount(source.shape), elementCount(target.shape)];
    const { maxBufferSize } = alive().gpu.device.limits;
    const most = Math.max(1, Math.floor(Math.min(maxBufferSize, batchBytes) / Math.max(pitch, bytesOut)));
    for (let from = 0; from * size < input.length; from += most)
      await inferPart(
        input.subarray(from * size, (from + most) * size),
        result.subarray(from * outputs, (from + most) * outputs),
      );
    return result;
  };
  const turn = inTurn();
  return {
    synchronous: false,
    run() {
      throw failure('invalid-state', {
        what: 'run() on WebGPU, which cannot wait',
        next: 'Use runAsync() or predict().',
      });
    },
    async runAsync(input, output) {
      alive();
      const result = resultFor(plan, input, output);
      return turn(() => infer(input, result));
    },
    report: () => ({
      ...reportOf(model, program, alive(), [pitch, bytesOut]),
      ...oneThread(options, 'the GPU does the work'),
    }),
    async restore() {
      const old = alive();
      if (old.gpu.lost() === undefined) return;
      const fresh = await start();
      stop(old);
      resident = fresh;
    },
    dispose() {
      if (resident) stop(resident);
      resident = undefined;
    },
  };
}
