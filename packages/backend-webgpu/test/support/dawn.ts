// WebGPU in Node by Dawn, on the software renderer that Chromium ships where there is no GPU driver.
import { create, globals } from 'webgpu';
import { prepareDawn } from '@bitgrad/gpu-tests/dawn';

// Dawn crashes the process when its instance is collected before its devices.
let instance: GPU | undefined;

/** Dawn's `gpu` object, or undefined where it finds no adapter. */
export async function dawn(): Promise<GPU | undefined> {
  prepareDawn();
  Object.assign(globalThis, globals);
  instance ??= create([]);
  return (await instance.requestAdapter()) ? instance : undefined;
}
