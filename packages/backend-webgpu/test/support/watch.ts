// What an engine makes on a GPU, in view.

/** WebGPU with every device, and the buffers on it that are not destroyed, in view. */
export function watchGpu(gpu: GPU): { gpu: GPU; devices: GPUDevice[]; buffers(): number } {
  const devices: GPUDevice[] = [];
  let buffers = 0;
  const observed = {
    requestAdapter: async (options?: GPURequestAdapterOptions) => {
      const adapter = await gpu.requestAdapter(options);
      const request = adapter!.requestDevice.bind(adapter);
      adapter!.requestDevice = async (descriptor) => {
        const device = await request(descriptor);
        devices.push(device);
        const create = device.createBuffer.bind(device);
        device.createBuffer = (descriptor) => {
          const buffer = create(descriptor);
          const destroy = buffer.destroy.bind(buffer);
          buffers++;
          buffer.destroy = () => {
            buffers--;
            return destroy();
          };
          return buffer;
        };
        return device;
      };
      return adapter;
    },
  } as GPU;
  return { gpu: observed, devices, buffers: () => buffers };
}
