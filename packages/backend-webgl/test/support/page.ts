// What tests run inside a page: the engine suite, whole models against the JS engine, loss and leaks.
import { dirtyMemory } from '@bitgrad/runtime';
import { compareWithJs } from '@bitgrad/gpu-tests/compare';
import { convTrial, engineCases, type Effort } from '@bitgrad/testkit/engine';
import { webglEngine } from '../../src/engine/index.js';
import { dirtyable } from './dirty.js';
import { sideBySide as interleaved } from '@bitgrad/gpu-tests/side-by-side';

/** One context for all cases: programs are shared, and browsers allow about 16. */
const context = new OffscreenCanvas(1, 1).getContext('webgl2') ?? undefined;

export const probe = () => webglEngine().probe();

const create = dirtyable(context!, (gl) => webglEngine({ context: gl }));

export const check = (name: string, tolerance: number, effort: Effort): Promise<void> =>
  engineCases.find((c) => c.name === name)!.check({ create, tolerance, effort });

/** Bytes that the suite fills with noise. */
export async function dirtyBytes(): Promise<number> {
  const executable = await create().compile(model);
  let bytes = 0;
  executable[dirtyMemory]!((memory) => (bytes += memory.length));
  executable.dispose();
  return bytes;
}

/** Of a model file and inputs of bytes. */
export const compare = (file: Uint8Array, inputs: Uint8Array) =>
  compareWithJs(webglEngine({ context }), file, inputs);

const model = convTrial({ type: 'u8', size: [3, 3], c: 3, cOut: 8, threshold: true });
const code = (error: unknown) => (error as { code?: string }).code ?? String(error);

/** Loses the context between and during runs, and restores it. */
export async function loss(): Promise<unknown> {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2')!;
  const lose = gl.getExtension('WEBGL_lose_context')!;
  const engine = webglEngine();
  const own = await engine.compile(model);
  const want = Array.from(own.run(model.input));
  const executable = await webglEngine({ context: gl }).compile(model);
  lose.loseContext();
  const sync = await Promise.resolve()
    .then(() => executable.run(model.input))
    .catch(code);
  const async = await executable.runAsync(model.input).catch(code);
  const refused = await executable.restore().catch(code);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const other = Array.from(own.run(model.input));
  own.dispose();
  return { sync, async, refused, other: other.join() === want.join() };
}

/** A context of the engine's own is lost in the middle of a run; the model then lives on a new one. */
export async function restore(): Promise<unknown> {
  const made: WebGL2RenderingContext[] = [];
  const original = OffscreenCanvas.prototype.getContext;
  OffscreenCanvas.prototype.getContext = function (this: OffscreenCanvas, ...args: [never]) {
    const gl = original.apply(this, args) as unknown as WebGL2RenderingContext;
    made.push(gl);
    return gl;
  } as typeof original;
  try {
    const executable = await webglEngine().compile(model);
    const want = Array.from(await executable.runAsync(model.input)).join();
    const running = executable.runAsync(model.input).catch(code);
    await Promise.resolve();
    made[0]!.getExtension('WEBGL_lose_context')!.loseContext();
    const during = await running;
    await executable.restore();
    const after = Array.from(await executable.runAsync(model.input)).join();
    executable.dispose();
    return { during, same: after === want, contexts: made.length };
  } finally {
    OffscreenCanvas.prototype.getContext = original;
  }
}

/** Creates and disposes; returns how many GL objects of each kind are left, and whether the first context survived. */
export async function cycles(n: number): Promise<unknown> {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2')!;
  const counts: Record<string, number> = {};
  for (const kind of ['Texture', 'Framebuffer', 'Buffer', 'Program'] as const) {
    const target = gl as unknown as Record<string, (...args: unknown[]) => unknown>;
    const [create, remove] = [target[`create${kind}`]!, target[`delete${kind}`]!];
    counts[kind] = 0;
    target[`create${kind}`] = () => (counts[kind]!++, create.call(gl));
    target[`delete${kind}`] = (x) => (counts[kind]!--, remove.call(gl, x));
  }
  const engine = webglEngine({ context: gl });
  for (let i = 0; i < n; i++) {
    const executable = await engine.compile(model);
    if (i % 50 === 0) executable.run(model.input);
    executable.dispose();
  }
  // Engines with contexts of their own: more of them than a browser keeps alive at once.
  for (let i = 0; i < 40; i++) (await webglEngine().compile(model)).dispose();
  return { counts, lost: gl.isContextLost() };
}

/** The counts of a layer's inference. */
export async function counts(): Promise<unknown> {
  const executable = await webglEngine({ context }).compile(
    convTrial({ type: 'bits', size: [8, 8], c: 128, cOut: 64, pads: [1, 1, 1, 1] }),
  );
  const { ops, perInference } = executable.report();
  executable.dispose();
  return { kernels: ops.map(({ kernel }) => kernel), perInference };
}

/** Two models on one context of the engine's own. */
export const sideBySide = (): Promise<number> => interleaved(webglEngine());
