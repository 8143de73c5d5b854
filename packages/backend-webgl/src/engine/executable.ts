// A model on a WebGL2 context: textures, framebuffers and programs made once; an inference is one upload, one draw a
// kernel and one read-back.
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
import { failure, type Gl } from './context.js';
import { drawOf, type Draw } from './glsl.js';

/** What an inference costs, counted from the shaders' loops, not measured. */
export interface GlCounts {
  readonly draws: number;
  readonly fragments: number;
  /** Fetches of RGBA32UI texels, 16 bytes each, caches not considered. */
  readonly textureFetches: number;
  readonly bytesWritten: number;
  /** Bytes that cross between host and GPU. */
  readonly bytesUploaded: number;
  readonly bytesReadBack: number;
}

/** The report of the WebGL engine. */
export interface WebglReport extends EngineReport {
  readonly renderer: string;
  readonly perInference: GlCounts;
}

/** A model on a GPU. */
export interface WebglExecutable extends Executable {
  report(): WebglReport;
  /** After `context-lost`: puts the model on a new context. Does nothing while the context works. */
  restore(): Promise<void>;
}

interface Target {
  texture: WebGLTexture;
  framebuffer: WebGLFramebuffer;
}

interface Step {
  program: WebGLProgram;
  reads: readonly WebGLTexture[];
  target: Target;
  width: number;
  height: number;
}

/** Everything that lives on the context. */
interface Resident {
  context: Gl;
  logWidth: number;
  steps: readonly Step[];
  draws: readonly Draw[];
  input: WebGLTexture;
  output: Target;
  slotBytes: number;
  weightBytes: number;
  pixels: WebGLBuffer;
  destroy(): void;
}

/** Texels of one row of every texture, as a power of two: the smallest of 64, 256, 1024, 4096 with few enough rows. */
function widthFor(words: number, gl: WebGL2RenderingContext): number {
  const largest = Number(gl.getParameter(gl.MAX_TEXTURE_SIZE)) || 2048;
  const fitting = [6, 8, 10, 12].find(
    (log) => 1 << log <= largest && words / 4 / (1 << log) <= Math.min(largest, 16 << log),
  );
  const width = fitting ?? [12, 11].find((log) => 1 << log <= largest && words / 4 / (1 << log) <= largest);
  if (width === undefined)
    throw failure('limit-exceeded', {
      what: 'largest tensor of the model, in words',
      got: words,
      expected: `at most ${largest} rows of texels`,
    });
  return width;
}

const extent = (words: number, logWidth: number): readonly [number, number] => {
  const texels = Math.max(1, Math.ceil(words / 4));
  return [Math.min(1 << logWidth, texels), Math.ceil(texels / (1 << logWidth))];
};

const sizeOf = (words: number, logWidth: number): number => {
  const [width, height] = extent(words, logWidth);
  return 16 * width * height;
};

function load(context: Gl, program: Program, memoryBytes: number): Resident {
  const { gl } = context;
  const slots = assignSlots(program);
  const lengths = program.constants.map(({ length }) => length);
  const logWidth = widthFor(
    [...slots.words, ...lengths].reduce((a, b) => Math.max(a, b), 1),
    gl,
  );
  const bytes = (all: readonly number[]): number =>
    all.reduce((sum, words) => sum + sizeOf(words, logWidth), 0);
  const [slotBytes, weightBytes] = [bytes(slots.words), bytes(lengths)];
  if (slotBytes + weightBytes > memoryBytes)
    throw failure('limit-exceeded', {
      what: 'memory of the model',
      got: slotBytes + weightBytes,
      expected: `at most ${memoryBytes} bytes`,
    });
  const draws = program.kernels.map((kernel) => drawOf(kernel, program.words[kernel.write]!, logWidth));
  const programs = program.kernels.map(({ reads }, i) => context.program(draws[i]!.source, reads.length));
  const targets = slots.words.map((words): Target => {
    const texture = context.texture(words, logWidth);
    const framebuffer = gl.createFramebuffer()!;
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    return { texture, framebuffer };
  });
  const constants = program.constants.map((data) => context.texture(data.length, logWidth, data));
  const pixels = gl.createBuffer()!;
  const destroy = (): void => {
    for (const { texture, framebuffer } of targets) {
      gl.deleteFramebuffer(framebuffer);
      gl.deleteTexture(texture);
    }
    constants.forEach((texture) => gl.deleteTexture(texture));
    gl.deleteBuffer(pixels);
  };
  const targetOf = (buffer: number): Target => targets[slots.slotOf[buffer]!]!;
  try {
    context.finishPrograms();
    if (gl.getError() === gl.OUT_OF_MEMORY)
      throw failure('limit-exceeded', { what: 'memory of the GPU', got: slotBytes + weightBytes });
  } catch (error) {
    destroy();
    throw error;
  }
  const steps = program.kernels.map(({ reads, write }, i): Step => {
    const [width, height] = extent(program.words[write]!, logWidth);
    const textures = reads.map((ref) =>
      'buffer' in ref ? targetOf(ref.buffer).texture : constants[ref.constant]!,
    );
    return { program: programs[i]!, reads: textures, target: targetOf(write), width, height };
  });
  return {
    context,
    logWidth,
    steps,
    draws,
    input: targetOf(program.input).texture,
    output: targetOf(program.output),
    slotBytes,
    weightBytes,
    pixels,
    destroy,
  };
}

const lostError = () =>
  failure('context-lost', {
    what: 'the WebGL context was lost',
    next: 'Call restore() of the executable, or load the model again.',
  });

function reportOf(
  model: PackedModel,
  program: Program,
  at: Resident,
  bytes: readonly [number, number],
): WebglReport {
  const sum = (pick: (draw: Draw) => number): number => at.draws.reduce((s, draw) => s + pick(draw), 0);
  return {
    engine: 'webgl',
    renderer: at.context.renderer,
    threads: 1,
    arenaBytes: at.slotBytes,
    weightBytes: at.weightBytes,
    ops: opReports(model, program, ({ name }) => name),
    perInference: {
      draws: at.draws.length,
      fragments: sum(({ fragments }) => fragments),
      textureFetches: sum(({ fetches }) => fetches),
      bytesWritten: 16 * sum(({ fragments }) => fragments),
      bytesUploaded: bytes[0],
      bytesReadBack: bytes[1],
    },
  };
}

/** Draws every kernel of the model. */
function draw({ context: { gl }, steps }: Resident): void {
  gl.disable(gl.BLEND);
  gl.disable(gl.SCISSOR_TEST);
  gl.disable(gl.DEPTH_TEST);
  gl.bindVertexArray(null);
  for (const { program, reads, target, width, height } of steps) {
    gl.useProgram(program);
    gl.bindFramebuffer(gl.FRAMEBUFFER, target.framebuffer);
    gl.viewport(0, 0, width, height);
    reads.forEach((texture, j) => {
      gl.activeTexture(gl.TEXTURE0 + j);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }
}

/** Waits for a fence without blocking the page. */
async function passed(gl: WebGL2RenderingContext): Promise<void> {
  const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  gl.flush();
  if (!fence) return;
  while (!gl.isContextLost()) {
    const state = gl.clientWaitSync(fence, 0, 0);
    if (state === gl.ALREADY_SIGNALED || state === gl.CONDITION_SATISFIED) break;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  gl.deleteSync(fence);
}

/** Puts a model on a context. `acquire` gives a working context, a new one after a loss. */
export function createExecutable(
  model: PackedModel,
  acquire: () => Gl,
  options: ExecutableOptions,
): WebglExecutable {
  const { plan } = model;
  const { memoryBytes = Infinity } = options;
  // A fragment packs 128 channels: too few fragments to fill a GPU if it also computed their sums.
  const program = lowerModel(model, { fuseThreshold: () => false, memoryBytes });
  const [source, target] = [plan.buffers[plan.input]!, plan.buffers[plan.output]!];
  const inWords = Math.ceil(storageBytes(source.type, source.shape) / 4);
  const outWords = elementCount(target.shape);
  const size = elementCount(source.shape);
  const start = (): Resident => {
    const context = acquire();
    try {
      return load(context, program, memoryBytes);
    } catch (error) {
      context.release();
      throw error;
    }
  };
  let resident: Resident | undefined = start();
  const [inWidth, inHeight] = extent(inWords, resident.logWidth);
  const [outWidth, outHeight] = extent(outWords, resident.logWidth);
  const upload = new Uint32Array(4 * inWidth * inHeight);
  const download = new Uint32Array(4 * outWidth * outHeight);
  const values = target.type === 'f32' ? new Float32Array(download.buffer) : new Int32Array(download.buffer);
  const stop = (at: Resident): void => {
    at.destroy();
    at.context.release();
  };
  const alive = (): Resident => {
    if (!resident) throw failure('disposed', { what: 'the model was disposed', next: 'Load it again.' });
    if (resident.context.gl.isContextLost()) throw lostError();
    return resident;
  };
  const begin = (at: Resident, input: InputArray, example: number): void => {
    const { gl } = at.context;
    const part = input.subarray(example * size, (example + 1) * size);
    new Uint8Array(upload.buffer).set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, at.input);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, inWidth, inHeight, gl.RGBA_INTEGER, gl.UNSIGNED_INT, upload);
    draw(at);
    gl.bindFramebuffer(gl.FRAMEBUFFER, at.output.framebuffer);
  };
  const finish = (at: Resident, result: OutputArray, example: number): void => {
    if (at.context.gl.isContextLost()) throw lostError();
    result.set(values.subarray(0, outWords), example * outWords);
  };
  const turn = inTurn();
  const infer = async (input: InputArray, result: OutputArray): Promise<OutputArray> => {
    for (let i = 0; i < input.length / size; i++) {
      const at = alive();
      const { gl } = at.context;
      begin(at, input, i);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, at.pixels);
      gl.bufferData(gl.PIXEL_PACK_BUFFER, download.byteLength, gl.STREAM_READ);
      gl.readPixels(0, 0, outWidth, outHeight, gl.RGBA_INTEGER, gl.UNSIGNED_INT, 0);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
      await passed(gl);
      if (alive() !== at) throw lostError();
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, at.pixels);
      gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, download);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
      finish(at, result, i);
    }
    return result;
  };
  return {
    synchronous: true,
    run(input, output) {
      const at = alive();
      const { gl } = at.context;
      const result = resultFor(plan, input, output);
      for (let i = 0; i < input.length / size; i++) {
        begin(at, input, i);
        gl.readPixels(0, 0, outWidth, outHeight, gl.RGBA_INTEGER, gl.UNSIGNED_INT, download);
        finish(at, result, i);
      }
      return result;
    },
    async runAsync(input, output) {
      alive();
      const result = resultFor(plan, input, output);
      return turn(() => infer(input, result));
    },
    report: () => ({
      ...reportOf(model, program, alive(), [upload.byteLength, download.byteLength]),
      ...oneThread(options, 'the GPU does the work'),
    }),
    async restore() {
      if (!resident) throw failure('disposed', { what: 'the model was disposed', next: 'Load it again.' });
      if (!resident.context.gl.isContextLost()) return;
      const fresh = start();
      stop(resident);
      resident = fresh;
    },
    dispose() {
      if (resident) stop(resident);
      resident = undefined;
    },
  };
}
