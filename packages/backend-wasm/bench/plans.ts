// Plans of the benchmark networks with random weights: what the compiler would make of them, without training.
import { createPlanBuilder, type BufferSpec, type PackedModel, type WeightSpec } from '@bitgrad/runtime';
import { createRng, type Rng } from '@bitgrad/core';

/** 32 random bits; a draw has 24. */
export const word = (rng: Rng): number => ((rng.next() * 2 ** 16) << 16) ^ (rng.next() * 2 ** 16);

/** Builds a plan op by op; methods return the number of the buffer they write. */
export function planBuilder(input: BufferSpec, seed: number) {
  const rng = createRng(seed);
  const b = createPlanBuilder();
  b.buffer(input.type, input.shape);
  const normal = (): number => rng.normal();
  const weight = (type: WeightSpec['type'], shape: number[], value: () => number = normal): number => {
    const c = shape[shape.length - 1]!;
    const rows = shape.reduce((x, y) => x * y, 1) / c;
    if (type !== 'bits') {
      const Storage = { u8: Uint8Array, i8: Int8Array, i32: Int32Array, f32: Float32Array }[type];
      return b.weight(type, shape, new Storage(rows * c).map(value));
    }
    const words = new Uint32Array(rows * Math.ceil(c / 32)).map(() => word(rng));
    if (c % 32) for (let r = 1; r <= rows; r++) words[r * Math.ceil(c / 32) - 1]! &= 2 ** (c % 32) - 1;
    return b.weight(type, shape, words);
  };
  const channels = (x: number): number => b.buffers[x]!.shape.at(-1)!;
  const window = (kernel: number, stride: number, pad: number) => ({
    kernel: [kernel, kernel] as const,
    strides: [stride, stride] as const,
    dilations: [1, 1] as const,
    pads: [pad, pad, pad, pad] as const,
  });
  return {
    conv(
      x: number,
      outputs: number,
      kernel: number,
      stride = 1,
      type: WeightSpec['type'] = 'bits',
      padValue = 0,
    ): number {
      const w = weight(type, [outputs, kernel, kernel, channels(x)]);
      const attributes = { ...window(kernel, stride, kernel >> 1), padValue, shift: 0, groups: 1 };
      return b.op({ op: 'conv', inputs: [x], weights: [w], ...attributes });
    },
    dense: (x: number, units: number, type: WeightSpec['type'] = 'bits'): number =>
      b.op({ op: 'dense', inputs: [x], weights: [weight(type, [units, channels(x)])] }),
    threshold(x: number): number {
      const c = [channels(x)];
      const floats = b.buffers[x]!.type === 'f32';
      const t = weight(floats ? 'f32' : 'i32', c, () => normal() * (floats ? 0.1 : 10));
      return b.op({ op: 'threshold', inputs: [x], weights: [t, weight('bits', c)] });
    },
    affine(x: number): number {
      const c = [channels(x)];
      const scale = weight('f32', c, () => 0.02 * normal());
      return b.op({ op: 'affine', inputs: [x], weights: [scale, weight('f32', c)] });
    },
    add: (x: number, y: number): number => b.op({ op: 'add', inputs: [x, y] }),
    relu: (x: number): number => b.op({ op: 'clamp', inputs: [x], min: 0, max: null }),
    pool: (op: 'maxPool' | 'avgPool', x: number, kernel: number, stride: number, pad = 0): number =>
      b.op({ op, inputs: [x], ...window(kernel, stride, pad) }),
    flatten: (x: number): number =>
      b.op({ op: 'reshape', inputs: [x] }, [b.buffers[x]!.shape.reduce((y, z) => y * z, 1)]),
    shape: (x: number): readonly number[] => b.buffers[x]!.shape,
    build: (output: number, name: string): PackedModel => b.finish(0, output, { name }),
  };
}

/** conv 3x3 128-128-M-256-256-M-512-512-M-fc10 on 32x32x3 bytes; the first convolution has 1-bit weights. */
export function vggSmall(): PackedModel {
  const b = planBuilder({ type: 'u8', shape: [32, 32, 3] }, 1);
  let x = b.threshold(b.conv(0, 128, 3, 1, 'bits', 128));
  for (const [channels, pool] of [
    [128, true],
    [256, false],
    [256, true],
    [512, false],
    [512, true],
  ] as const) {
    x = b.threshold(b.conv(x, channels, 3));
    if (pool) x = b.pool('maxPool', x, 2, 2);
  }
  return b.build(b.affine(b.dense(b.flatten(x), 10)), 'vgg-small');
}

/** ResNet-18-shaped Bi-Real net on 224x224x3 bytes: a shortcut around each binary convolution, float stem and downsampling. */
export function biRealNet18(): PackedModel {
  const b = planBuilder({ type: 'u8', shape: [224, 224, 3] }, 2);
  let x = b.pool('maxPool', b.affine(b.conv(b.affine(0), 64, 7, 2, 'f32')), 3, 2, 1);
  for (const [channels, blocks] of [
    [64, 4],
    [128, 4],
    [256, 4],
    [512, 4],
  ] as const)
    for (let i = 0; i < blocks; i++) {
      const stride = b.shape(x)[2] === channels ? 1 : 2;
      const shortcut = stride === 1 ? x : b.affine(b.conv(b.pool('avgPool', x, 2, 2), channels, 1, 1, 'f32'));
      x = b.add(b.affine(b.conv(b.threshold(x), channels, 3, stride)), shortcut);
    }
  const [h] = b.shape(x) as [number];
  return b.build(b.affine(b.dense(b.flatten(b.pool('avgPool', x, h, 1)), 1000, 'f32')), 'birealnet18');
}

/** `depth` binary convolutions 3x3 with their thresholds, on floats. */
export function layers(size: number, channels: number, depth: number): PackedModel {
  const b = planBuilder({ type: 'f32', shape: [size, size, channels] }, 3);
  let x = b.threshold(0);
  for (let i = 0; i < depth; i++) x = b.threshold(b.conv(x, channels, 3));
  return b.build(b.affine(b.pool('maxPool', x, 1, size)), `conv-${size}-${channels}`);
}
