/// <reference types="@webgpu/types" preserve="true" />
// The WebGPU deployment engine for packed models. Free of tfjs.
import {
  checkCompileOptions,
  checkOptions,
  within,
  type ExecutableOptions,
  type Engine,
  type PackedModel,
  type Probe,
} from '@bitgrad/runtime';
import {
  defaultGpu,
  describeAdapter,
  failure,
  isSoftware,
  late,
  requestDevice,
  shareDevice,
  startMs,
} from './device.js';
import { createExecutable, type WebgpuExecutable } from './executable.js';

export type { GpuCounts, WebgpuExecutable, WebgpuReport } from './executable.js';
export { describeAdapter, isSoftware } from './device.js';

/** Options of {@link webgpuEngine}. */
export interface WebgpuEngineOptions {
  /** Where adapters come from; by default `navigator.gpu`. In Node, the object that `webgpu` (Dawn) creates. */
  gpu?: GPU;
  /** A device of yours, shared with other work; the engine never destroys it. By default the engine makes its own. */
  device?: GPUDevice;
  /** Which GPU of several; default `high-performance`. */
  powerPreference?: GPUPowerPreference;
  /** Run on a software renderer (default true: the results are right, only slow). */
  allowSoftware?: boolean;
}

/** An engine whose executables can be restored after the device was lost. */
export interface WebgpuEngine extends Engine {
  compile(model: PackedModel, options?: ExecutableOptions): Promise<WebgpuExecutable>;
}

const has =
  (method: string) =>
  (value: unknown): boolean =>
    typeof (value as Record<string, unknown> | null)?.[method] === 'function';

/**
 * The WebGPU engine. All models of one engine share a device, which is destroyed with the last of them.
 * @returns an engine named `webgpu`; integer results follow plan.ts bit for bit, float32 results but for divisions,
 *   square roots and subnormal numbers
 * @throws BitgradError `invalid-option`
 */
export function webgpuEngine(options: WebgpuEngineOptions = {}): WebgpuEngine {
  const {
    powerPreference = 'high-performance',
    allowSoftware = true,
    device: given,
  } = checkOptions('backend-webgpu', 'webgpuEngine', options, {
    gpu: { expected: 'a GPU, as navigator.gpu', allows: has('requestAdapter') },
    device: { expected: 'a GPUDevice', allows: has('createBuffer') },
    powerPreference: {
      expected: 'high-performance or low-power',
      allows: (v) => v === 'high-performance' || v === 'low-power',
    },
    allowSoftware: { expected: 'true or false', allows: (v) => typeof v === 'boolean' },
  });
  let shared: Promise<ReturnType<typeof shareDevice>> | undefined;
  const start = async () => {
    if (given) return shareDevice(given, given.adapterInfo, false);
    const { device, info } = await requestDevice(options.gpu ?? defaultGpu(), { powerPreference });
    if (!allowSoftware && isSoftware(info)) {
      device.destroy();
      throw failure('backend-unavailable', {
        what: 'the only WebGPU adapter is a software renderer',
        got: describeAdapter(info),
        next: 'Use the wasm engine, which is faster on a CPU, or allow it with { allowSoftware: true }.',
      });
    }
    return shareDevice(device, info, true);
  };
  const acquire = async () => {
    // Two models may ask at once: only the device that was found lost is replaced.
    const present = shared;
    if (present && (await present.catch(() => undefined))?.lost() !== undefined && shared === present)
      shared = undefined;
    const starting = (shared ??= start());
    try {
      const gpu = await starting;
      gpu.retain();
      return gpu;
    } catch (error) {
      if (shared === starting) shared = undefined;
      throw error;
    }
  };
  return Object.freeze({
    name: 'webgpu',
    async probe(): Promise<Probe> {
      if (given)
        return {
          available: true,
          reason: '',
          features: { adapter: describeAdapter(given.adapterInfo), software: isSoftware(given.adapterInfo) },
        };
      const gpu = options.gpu ?? defaultGpu();
      if (!gpu) return { available: false, reason: 'WebGPU is not available here', features: {} };
      try {
        const adapter = await within(startMs, gpu.requestAdapter({ powerPreference }), late);
        if (!adapter) return { available: false, reason: 'WebGPU has no adapter here', features: {} };
        const software = isSoftware(adapter.info);
        const features = { adapter: describeAdapter(adapter.info), software };
        return software && !allowSoftware
          ? {
              available: false,
              reason: `the only adapter is a software renderer (${features.adapter})`,
              features,
            }
          : { available: true, reason: '', features };
      } catch (error) {
        return { available: false, reason: `WebGPU failed: ${(error as Error).message}`, features: {} };
      }
    },
    async compile(model: PackedModel, compile?: ExecutableOptions) {
      const options = checkCompileOptions('backend-webgpu', model, compile);
      options.signal?.throwIfAborted();
      return createExecutable(model, acquire, options);
    },
  });
}
