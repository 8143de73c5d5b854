// WebGPU in Node by Dawn, on the software renderer that Chromium ships where there is no GPU driver.
import { existsSync } from 'node:fs';
import { create, globals } from 'webgpu';

const renderer = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Dawn's `gpu` object, or undefined where it finds no adapter. */
export async function dawn(): Promise<GPU | undefined> {
  if (existsSync(renderer)) {
    process.env['VK_ICD_FILENAMES'] ??= renderer;
    process.env['XDG_RUNTIME_DIR'] ??= '/tmp';
  }
  Object.assign(globalThis, globals);
  const gpu = create([]);
  return (await gpu.requestAdapter()) ? gpu : undefined;
}
