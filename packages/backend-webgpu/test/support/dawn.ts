// WebGPU in Node by Dawn, on the software renderer that Chromium ships where there is no GPU driver.
import { existsSync } from 'node:fs';
import { create, globals } from 'webgpu';

const renderer = '/usr/lib/chromium/vk_swiftshader_icd.json';

// Dawn crashes the process when its instance is collected before its devices.
let instance: GPU | undefined;

/** Dawn's `gpu` object, or undefined where it finds no adapter. */
export async function dawn(): Promise<GPU | undefined> {
  if (existsSync(renderer)) {
    process.env['VK_ICD_FILENAMES'] ??= renderer;
    process.env['XDG_RUNTIME_DIR'] ??= '/tmp';
  }
  Object.assign(globalThis, globals);
  instance ??= create([]);
  return (await instance.requestAdapter()) ? instance : undefined;
}
