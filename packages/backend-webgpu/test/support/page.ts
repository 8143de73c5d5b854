// What tests run inside a page: the engine suite, whole models against the JS engine, loss and leaks.
import { dirtyMemory, type Engine } from '@bitgrad/runtime';
import { compareWithJs } from '@bitgrad/gpu-tests/compare';
import { convTrial, engineCases, type Effort } from '@bitgrad/testkit/engine';
import { webgpuEngine } from '../../src/engine/index.js';
import { dirtyable } from './dirty.js';
import { sideBySide as interleaved } from '@bitgrad/gpu-tests/side-by-side';
import { watchGpu } from './watch.js';

let shared: Promise<GPUDevice> | undefined;
/** One device for all cases: making one takes longer than most cases. */
const device = (): Promise<GPUDevice> =>
  (shared ??= navigator.gpu.requestAdapter().then((adapter) => adapter!.requestDevice()));

export const probe = () => webgpuEngine().probe();

let dirty: Promise<() => Engine> | undefined;
const creator = (): Promise<() => Engine> =>
  (dirty ??= device().then((given) => dirtyable(given, (own) => webgpuEngine({ device: own }))));

export async function check(name: string, tolerance: number, effort: Effort): Promise<void> {
  await engineCases.find((c) => c.name === name)!.check({ create: await creator(), tolerance, effort });
}

/** Bytes that the suite fills with noise. */
export async function dirtyBytes(): Promise<number> {
  const executable = await (await creator())().compile(small);
  let bytes = 0;
  executable[dirtyMemory]!((memory) => (bytes += memory.length));
  executable.dispose();
  return bytes;
}

/** Of a model file and inputs of bytes. */
export const compare = async (file: Uint8Array, inputs: Uint8Array) =>
  compareWithJs(webgpuEngine({ device: await device() }), file, inputs);

const small = convTrial({ type: 'u8', size: [3, 3], c: 3, cOut: 8, threshold: true });
const code = (error: unknown) => (error as { code?: string }).code ?? String(error);

/** Two models on one device of the engine's own. */
export const sideBySide = (): Promise<number> => interleaved(webgpuEngine());

/** Creates and disposes; returns what is left on the device, and how many devices there were and live. */
export async function cycles(n: number): Promise<unknown> {
  const seen = watchGpu(navigator.gpu);
  const engine = webgpuEngine({ gpu: seen.gpu });
  const keeper = await engine.compile(small);
  for (let i = 0; i < n; i++) {
    const executable = await engine.compile(small);
    if (i % 50 === 0) await executable.runAsync(small.input);
    executable.dispose();
  }
  keeper.dispose();
  const { reason } = await seen.devices[0]!.lost;
  return { buffers: seen.buffers(), devices: seen.devices.length, reason };
}

/** A device is lost in the middle of a run; the model then lives on a new one. */
export async function loss(): Promise<unknown> {
  const seen = watchGpu(navigator.gpu);
  const executable = await webgpuEngine({ gpu: seen.gpu }).compile(small);
  const want = (await executable.runAsync(small.input)).join();
  const running = executable.runAsync(small.input).catch(code);
  seen.devices[0]!.destroy();
  const during = await running;
  const after = await executable.runAsync(small.input).catch(code);
  await executable.restore();
  const same = (await executable.runAsync(small.input)).join() === want;
  executable.dispose();
  return { during, after, same, devices: seen.devices.length };
}
