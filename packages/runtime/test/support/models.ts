// Small models that tests share.
import type { PackedModel, Plan } from '../../src/index.js';

/** The example of FORMAT.md: y = x * [0.5, 2] + [0, -1]. */
export const affineModel = (): PackedModel => ({
  plan: {
    version: 1,
    input: 0,
    output: 1,
    buffers: [
      { type: 'u8', shape: [2] },
      { type: 'f32', shape: [2] },
    ],
    weights: [
      { type: 'f32', shape: [2] },
      { type: 'f32', shape: [2] },
    ],
    ops: [{ op: 'affine', name: 'scale', inputs: [0], weights: [0, 1], output: 1 }],
  },
  weights: [Float32Array.of(0.5, 2), Float32Array.of(0, -1)],
  metadata: {
    name: 'example',
    classes: ['a', 'b'],
    normalization: { mean: [127.5], std: [63.75] },
    quantizers: ['ste'],
    floatBytes: 16,
    layers: [{ name: 'scale', binaryMacs: 0, otherMacs: 2, floatBytes: 16 }],
    producer: 'test',
    extra: { note: 'é' },
  },
});

/** conv (bits x bits) after a threshold, then pooling and a float end: most checks have something to check. */
export const convModel = (): PackedModel => {
  const plan: Plan = {
    version: 1,
    input: 0,
    output: 5,
    buffers: [
      { type: 'f32', shape: [4, 4, 3] },
      { type: 'bits', shape: [4, 4, 3] },
      { type: 'i32', shape: [4, 4, 2] },
      { type: 'f32', shape: [4, 4, 2] },
      { type: 'f32', shape: [4, 4, 2] },
      { type: 'f32', shape: [1, 1, 2] },
    ],
    weights: [
      { type: 'f32', shape: [3] },
      { type: 'bits', shape: [3] },
      { type: 'bits', shape: [2, 3, 3, 3] },
      { type: 'f32', shape: [2] },
      { type: 'f32', shape: [2] },
      { type: 'f32', shape: [1] },
      { type: 'f32', shape: [2] },
    ],
    ops: [
      { op: 'threshold', inputs: [0], weights: [0, 1], output: 1 },
      {
        op: 'conv',
        inputs: [1],
        weights: [2],
        output: 2,
        kernel: [3, 3],
        strides: [1, 1],
        dilations: [1, 1],
        pads: [1, 1, 1, 1],
        padValue: 0,
        shift: 0,
        groups: 1,
      },
      { op: 'affine', inputs: [2], weights: [3, 4], output: 3 },
      { op: 'quantize', inputs: [3], weights: [5, 6], output: 4 },
      {
        op: 'avgPool',
        inputs: [4],
        output: 5,
        kernel: [4, 4],
        strides: [1, 1],
        dilations: [1, 1],
        pads: [0, 0, 0, 0],
      },
    ],
  };
  return {
    plan,
    weights: [
      Float32Array.of(0, 0.5, -0.5),
      Uint32Array.of(5),
      Uint32Array.from({ length: 18 }, (_, i) => (i * 5) % 8),
      Float32Array.of(1, 0.5),
      Float32Array.of(0, 1),
      Float32Array.of(0.5),
      Float32Array.of(-1, 1),
    ],
    metadata: {},
  };
};
