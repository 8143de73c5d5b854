// Plans of the benchmark networks with random weights: what the compiler would make of them, without training.
import type { BufferSpec, Op, PackedModel, TensorData, WeightSpec } from '@bitgrad/runtime';
import { createRng, type Rng } from '@bitgrad/core';

/** 32 random bits; a draw has 24. */
export const word = (rng: Rng): number => ((rng.next() * 2 ** 16) << 16) ^ (rng.next() * 2 ** 16);

/** Builds a plan op by op; methods return the number of the buffer they write. */
export function planBuilder(input: BufferSpec, seed: number) {
  const rng = createRng(seed);
  const buffers: BufferSpec[] = [input];
  const weights: WeightSpec[] = [];
  const data: TensorData[] = [];
  const ops: Op[] = [];
  const weight = (type: WeightSpec['type'], shape: number[], value: () => number): number => {
    const c = shape[shape.length - 1]!;
    const rows = shape.reduce((a, b) => a * b, 1) / c;
    let array: TensorData;
    if (type === 'bits') {
      array = new Uint32Array(rows * Math.ceil(c / 32)).map(() => word(rng));
      if (c % 32) for (let r = 1; r <= rows; r++) array[r * Math.ceil(c / 32) - 1]! &= 2 ** (c % 32) - 1;
    } else
      array = new { u8: Uint8Array, i8: Int8Array, i32: Int32Array, f32: Float32Array }[type](rows * c).map(
        value,
      );
    weights.push({ type, shape });
    data.push(array);
    return weights.length - 1;
  };
  const push = (op: object, spec: BufferSpec): number => {
    buffers.push(spec);
    ops.push({ ...op, output: buffers.length - 1 } as Op);
    return buffers.length - 1;
  };
  const windowed = (x: number, kernel: number, stride: number, pad: number) => {
    const [h, w] = buffers[x]!.shape as [number, number, number];
    const out = [h, w].map((n) => Math.floor((n + 2 * pad - kernel) / stride) + 1);
    return {
      out,
      window: {
        kernel: [kernel, kernel],
        strides: [stride, stride],
        dilations: [1, 1],
        pads: [pad, pad, pad, pad],
      },
    };
  };
  const normal = (): number => rng.normal();
  return {
    conv(
      x: number,
      channels: number,
      kernel: number,
      stride = 1,
      type: WeightSpec['type'] = 'bits',
      padValue = 0,
    ): number {
      const { out, window } = windowed(x, kernel, stride, kernel >> 1);
      const { type: from, shape } = buffers[x]!;
      const w = weight(type, [channels, kernel, kernel, shape[2]!], normal);
      return push(
        { op: 'conv', inputs: [x], weights: [w], ...window, padValue, shift: 0, groups: 1 },
        { type: from === 'f32' ? 'f32' : 'i32', shape: [...out, channels] },
      );
    },
    dense(x: number, units: number, type: WeightSpec['type'] = 'bits'): number {
      const { type: from, shape } = buffers[x]!;
      return push(
        { op: 'dense', inputs: [x], weights: [weight(type, [units, shape[shape.length - 1]!], normal)] },
        { type: from === 'f32' ? 'f32' : 'i32', shape: [...shape.slice(0, -1), units] },
      );
    },
    threshold(x: number): number {
      const { type, shape } = buffers[x]!;
      const c = shape[shape.length - 1]!;
      const t = weight(type === 'f32' ? 'f32' : 'i32', [c], () => normal() * (type === 'f32' ? 0.1 : 10));
      return push(
        { op: 'threshold', inputs: [x], weights: [t, weight('bits', [c], normal)] },
        { type: 'bits', shape },
      );
    },
    affine(x: number): number {
      const { shape } = buffers[x]!;
      const c = shape[shape.length - 1]!;
      return push(
        {
          op: 'affine',
          inputs: [x],
          weights: [weight('f32', [c], () => 0.02 * normal()), weight('f32', [c], normal)],
        },
        { type: 'f32', shape },
      );
    },
    add: (a: number, b: number): number => push({ op: 'add', inputs: [a, b] }, buffers[a]!),
    relu: (x: number): number => push({ op: 'clamp', inputs: [x], min: 0, max: null }, buffers[x]!),
    pool(op: 'maxPool' | 'avgPool', x: number, kernel: number, stride: number, pad = 0): number {
      const { out, window } = windowed(x, kernel, stride, pad);
      const { type, shape } = buffers[x]!;
      return push(
        { op, inputs: [x], ...window },
        { type: op === 'avgPool' ? 'f32' : type, shape: [...out, shape[2]!] },
      );
    },
    flatten: (x: number): number =>
      push(
        { op: 'reshape', inputs: [x] },
        { type: buffers[x]!.type, shape: [buffers[x]!.shape.reduce((a, b) => a * b, 1)] },
      ),
    shape: (x: number): readonly number[] => buffers[x]!.shape,
    build: (output: number, name: string): PackedModel => ({
      plan: { version: 1, input: 0, output, buffers, weights, ops },
      weights: data,
      metadata: { name },
    }),
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
