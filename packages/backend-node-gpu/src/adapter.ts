// The training adapter for GPUs in Node, by one of two providers: Dawn (WebGPU on Vulkan, Metal or D3D12) or the CUDA
// build of TensorFlow.
import { webgpu } from '@bitgrad/backend-webgpu';
import {
  BitgradError,
  checkOptions,
  defineAdapter,
  option,
  type BackendAdapter,
  type Probe,
} from '@bitgrad/core';
import { probeDawn } from './engine/dawn.js';

/** Options of {@link nodeGpu}. */
export interface NodeGpuOptions {
  /** `dawn` (default): WebGPU by the npm package `webgpu`. `tensorflow`: an installed @tensorflow/tfjs-node-gpu or tfjs-node. */
  readonly provider?: 'dawn' | 'tensorflow';
  /** Train on a software renderer, or on a build of TensorFlow without CUDA, too (default false). */
  readonly allowSoftware?: boolean;
}

const unavailable = (what: string): BitgradError =>
  new BitgradError({
    code: 'backend-unavailable',
    source: 'backend-node-gpu',
    what,
    next: 'Use @bitgrad/backend-wasm.',
  });

/** The optional peers in order of preference; they download libtensorflow when they are installed. */
const bindings = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

async function probeTensorflow(allowSoftware: boolean): Promise<Probe> {
  const failures: string[] = [];
  for (const name of bindings) {
    try {
      await import(name);
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message.split('\n')[0]}`);
      continue;
    }
    const software = name === '@tensorflow/tfjs-node';
    const features = { provider: 'tensorflow', binding: name, software };
    if (software && !allowSoftware)
      return {
        available: false,
        reason: `only ${name} is installed, which has no CUDA: npm install @tensorflow/tfjs-node-gpu`,
        features,
      };
    return { available: true, reason: '', features };
  }
  return {
    available: false,
    reason: `no TensorFlow binding can be loaded (${failures.join('; ')}). Install one: npm install @tensorflow/tfjs-node-gpu (Linux with CUDA 11; it downloads libtensorflow)`,
    features: { provider: 'tensorflow' },
  };
}

/** Lets `navigator.gpu` be Dawn's: tfjs looks for it there. */
function provideGpu(gpu: GPU): void {
  if (typeof globalThis.navigator !== 'object')
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true, writable: true });
  if (globalThis.navigator.gpu !== gpu)
    Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true, writable: true });
}

/**
 * Training on a GPU in Node. `probe()` names adapter and driver, tells software from hardware, and says how to get
 * what is missing.
 * @throws BitgradError `invalid-option`; from `start`, `backend-unavailable` with the reason
 */
export function nodeGpu(options: NodeGpuOptions = {}): BackendAdapter {
  const { provider = 'dawn', allowSoftware = false } = checkOptions<NodeGpuOptions>(
    'backend-node-gpu',
    'nodeGpu',
    options,
    { provider: option.oneOf('dawn', 'tensorflow'), allowSoftware: option.boolean },
  );
  if (provider === 'tensorflow')
    return defineAdapter({
      name: 'node-gpu',
      source: 'backend-node-gpu',
      capabilities: { fusedKernels: [], gpu: true },
      tfjs: { name: 'tensorflow', package: bindings[0]!, load: () => Promise.resolve() },
      probe: () => probeTensorflow(allowSoftware),
      kernels: () => ({ kernels: {} }),
    });
  const inner = webgpu();
  return Object.freeze({
    ...inner,
    name: 'node-gpu',
    async probe(): Promise<Probe> {
      const { gpu, reason, features } = await probeDawn(allowSoftware);
      return { available: gpu !== undefined, reason, features };
    },
    async start() {
      const { gpu, reason } = await probeDawn(allowSoftware);
      if (!gpu) throw unavailable(reason);
      provideGpu(gpu);
      await inner.start();
    },
  });
}
