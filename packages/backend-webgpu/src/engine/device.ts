/// <reference types="@webgpu/types" preserve="true" />
// The WebGPU device that the models of an engine share: pipelines by shader text, loss, and release with the last model.
import { failureOf, within, type BitgradError } from '@bitgrad/runtime';

/** A BitgradError of this package. */
export const failure: ReturnType<typeof failureOf> = failureOf('backend-webgpu');

/** How long a driver may take to answer. */
export const startMs = 60_000;

/** The error for one that does not. */
export const late = (): BitgradError =>
  failure('backend-unavailable', {
    what: `WebGPU gave no answer within ${startMs / 1000} s`,
    next: 'Use the wasm engine.',
  });

/** A device in use. */
export interface Gpu {
  readonly device: GPUDevice;
  /** Name of the adapter, for reports. */
  readonly adapter: string;
  /** The pipeline of a shader that reads so many buffers and writes one; made once for each text. */
  pipeline(code: string, reads: number): Promise<GPUComputePipeline>;
  /** Why the device was lost; undefined while it works. */
  lost(): string | undefined;
  /** One user less; the last one destroys a device that the engine made. */
  release(): void;
}

/** What identifies an adapter: vendor, architecture, device and description, as far as they are told. */
export const describeAdapter = (info?: GPUAdapterInfo): string =>
  [info?.vendor, info?.architecture, info?.device, info?.description].filter(Boolean).join(' ') ||
  'unknown adapter';

/** Whether an adapter computes on the CPU: told by the browser, or known by its name. */
export const isSoftware = (info?: GPUAdapterInfo): boolean =>
  info?.isFallbackAdapter === true ||
  /swiftshader|llvmpipe|lavapipe|basic render|warp/i.test(describeAdapter(info));

/** `navigator.gpu`, or undefined where there is none. */
export const defaultGpu = (): GPU | undefined => (globalThis.navigator as Navigator | undefined)?.gpu;

/** Starts a device with the adapter's own limits for buffers. @throws BitgradError `backend-unavailable` */
export async function requestDevice(
  gpu: GPU | undefined,
  options: GPURequestAdapterOptions = {},
): Promise<{ device: GPUDevice; info: GPUAdapterInfo }> {
  const adapter = gpu && (await within(startMs, gpu.requestAdapter(options), late));
  if (!adapter)
    throw failure('backend-unavailable', {
      what: gpu ? 'WebGPU has no adapter here' : 'WebGPU is not available here',
      next: gpu
        ? 'Use the webgl or wasm engine.'
        : 'Use a browser with WebGPU and a page served by https; in Node, use @bitgrad/backend-node-gpu.',
    });
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  try {
    const limits = { maxBufferSize, maxStorageBufferBindingSize };
    const device = await within(startMs, adapter.requestDevice({ requiredLimits: limits }), late);
    return { device, info: adapter.info };
  } catch (cause) {
    throw failure('backend-unavailable', { what: 'the WebGPU device did not start', cause });
  }
}

/** Shares a device between models. `owned`: destroyed with its last user. */
export function shareDevice(
  device: GPUDevice,
  info: GPUAdapterInfo,
  owned: boolean,
): Gpu & { retain(): void } {
  const pipelines = new Map<string, Promise<GPUComputePipeline>>();
  const layouts = new Map<number, GPUPipelineLayout>();
  let users = 0;
  let reason: string | undefined;
  void device.lost.then((lost) => {
    reason = lost.message || lost.reason || 'unknown reason';
  });
  const layoutOf = (reads: number): GPUPipelineLayout => {
    const known = layouts.get(reads);
    if (known) return known;
    const entries = Array.from({ length: reads + 1 }, (_, binding): GPUBindGroupLayoutEntry => ({
      binding,
      visibility: 4, // GPUShaderStage.COMPUTE
      buffer: { type: binding < reads ? 'read-only-storage' : 'storage' },
    }));
    const layout = device.createPipelineLayout({
      bindGroupLayouts: [device.createBindGroupLayout({ entries })],
    });
    layouts.set(reads, layout);
    return layout;
  };
  return {
    device,
    adapter: describeAdapter(info),
    pipeline(code, reads) {
      const known = pipelines.get(code);
      if (known) return known;
      const made = device
        .createComputePipelineAsync({
          layout: layoutOf(reads),
          compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
        })
        .catch((cause: unknown) => {
          pipelines.delete(code);
          throw failure('kernel-missing', {
            what: 'a shader does not compile on this driver',
            next: 'Use the wasm engine.',
            cause,
          });
        });
      pipelines.set(code, made);
      return made;
    },
    lost: () => reason,
    retain: () => void users++,
    release() {
      if (--users > 0 || !owned || reason !== undefined) return;
      reason = 'released by its last model';
      device.destroy();
    },
  };
}
