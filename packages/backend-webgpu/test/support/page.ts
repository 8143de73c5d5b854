// What tests run inside a page: the engine suite, whole models against the JS engine, loss and leaks.
import { decodeModel, jsEngine } from '@bitgrad/runtime';
import { engineCases } from '@bitgrad/testkit/engine';
import { webgpuEngine } from '../../src/engine/index.js';

let shared: Promise<GPUDevice> | undefined;
/** One device for all cases: making one takes longer than most cases. */
const device = (): Promise<GPUDevice> =>
  (shared ??= navigator.gpu.requestAdapter().then((adapter) => adapter!.requestDevice()));

export const probe = () => webgpuEngine().probe();

export async function check(name: string, tolerance: number): Promise<void> {
  const given = await device();
  await engineCases
    .find((c) => c.name === name)!
    .check({ create: () => webgpuEngine({ device: given }), tolerance });
}

/** Runs a model on inputs; returns how many results differ at all from the JS engine, and the largest difference. */
export async function compare(
  file: number[],
  inputs: number[][],
): Promise<{ differing: number; worst: number }> {
  const model = decodeModel(Uint8Array.from(file));
  const { type } = model.plan.buffers[model.plan.input]!;
  const flat = (type === 'u8' ? Uint8Array : Float32Array).from(inputs.flat());
  const want = (await jsEngine().compile(model)).run(flat);
  const executable = await webgpuEngine({ device: await device() }).compile(model);
  const got = await executable.runAsync(flat);
  executable.dispose();
  let [differing, worst] = [0, 0];
  want.forEach((v, i) => {
    if (v !== got[i]) differing++;
    worst = Math.max(worst, Math.abs(v - got[i]!));
  });
  return { differing, worst };
}
