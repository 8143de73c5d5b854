// Dawn, the WebGPU implementation of the npm package `webgpu`: one instance a process, as its adapters and devices do
// not keep it alive and crash the process when it is collected.
import { describeAdapter, isSoftware } from '@bitgrad/backend-webgpu/engine';
import { within } from '@bitgrad/runtime';
import { surelyNoAdapter } from './vulkan.js';

/** What Dawn offers here. */
export interface DawnProbe {
  /** Present when there is an adapter, and it may be used. */
  readonly gpu?: GPU;
  /** Why not, and how to get it; empty when `gpu` is there. */
  readonly reason: string;
  readonly features: Readonly<Record<string, boolean | string>>;
}

let instance: GPU | undefined;

/** How long a driver may take to answer. */
const startMs = 60_000;

let sureOfNone: Promise<boolean> | undefined;

const noAdapter: DawnProbe = {
  reason:
    'Dawn finds no GPU: install its Vulkan driver (on Debian, libvulkan1 and mesa-vulkan-drivers or NVIDIA’s)',
  features: { provider: 'dawn' },
};

/** Looks for an adapter. A software renderer counts only with `allowSoftware`. Does not throw. */
export async function probeDawn(allowSoftware: boolean): Promise<DawnProbe> {
  if (!instance) {
    try {
      sureOfNone ??= surelyNoAdapter(startMs);
      if (await sureOfNone) return noAdapter;
      const { create, globals } = await import('webgpu');
      for (const [name, value] of Object.entries(globals))
        if (!(name in globalThis))
          Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
      instance = create([]);
    } catch (error) {
      const reason = `Dawn cannot be loaded (${(error as Error).message}): npm install webgpu, on Linux, macOS or Windows, x64 or arm64`;
      return { reason, features: { provider: 'dawn' } };
    }
  }
  let adapter: GPUAdapter | null;
  try {
    const asked = instance.requestAdapter({ powerPreference: 'high-performance' });
    adapter = await within(startMs, asked, () => new Error(`no answer within ${startMs / 1000} s`));
  } catch (error) {
    return {
      reason: `Dawn cannot start a GPU (${(error as Error).message})`,
      features: { provider: 'dawn' },
    };
  }
  if (!adapter) return noAdapter;
  const software = isSoftware(adapter.info);
  const { architecture, description } = adapter.info;
  const features = {
    provider: 'dawn',
    adapter: describeAdapter(adapter.info),
    architecture,
    driver: description,
    software,
  };
  if (software && !allowSoftware)
    return {
      reason: `the only adapter is a software renderer (${features.adapter}), slower than @bitgrad/backend-wasm; { allowSoftware: true } uses it all the same`,
      features,
    };
  return { gpu: instance, reason: '', features };
}
