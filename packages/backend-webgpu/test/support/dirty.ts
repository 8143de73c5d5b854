// Lets the engine suite write noise to every buffer of a device that kernels write to: the slots of its models.
import { dirtyMemory, type Engine } from '@bitgrad/runtime';

/** Usage flags of a slot, by their values in the standard: storage, and source of a copy. */
const slot = 128 | 4;

/** Makes the models of `create(device)` accept noise; `device` is watched from now on. */
export function dirtyable(device: GPUDevice, create: (device: GPUDevice) => Engine): () => Engine {
  const slots = new Set<GPUBuffer>();
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    if ((descriptor.usage & slot) === slot) {
      slots.add(buffer);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        slots.delete(buffer);
        return destroy();
      };
    }
    return buffer;
  };
  const engine = create(device);
  return () => ({
    ...engine,
    compile: async (model, options) => ({
      ...(await engine.compile(model, options)),
      [dirtyMemory]: (fill: (memory: Uint8Array) => void) => {
        for (const buffer of slots) {
          const bytes = new Uint8Array(buffer.size);
          fill(bytes);
          device.queue.writeBuffer(buffer, 0, bytes);
        }
      },
    }),
  });
}
