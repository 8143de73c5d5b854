// Models of one op, with seeded weights and inputs, for comparing engines.
import { createRng } from '@bitgrad/core';
import {
  channelCount,
  elementCount,
  type BufferSpec,
  type ElementType,
  type Op,
  type PackedModel,
  type TensorData,
} from '@bitgrad/runtime';
import { word } from '../../../bench/plans.js';

/** A model and an input for it. */
export interface Case {
  model: PackedModel;
  input: Uint8Array | Float32Array;
}

/** Random storage of a type and shape; bits keep their unused bits 0. */
export function randomData(type: ElementType, shape: readonly number[], seed: number): TensorData {
  const rng = createRng(seed);
  const n = elementCount(shape);
  if (type === 'f32') return Float32Array.from({ length: n }, () => rng.normal());
  if (type === 'i32') return Int32Array.from({ length: n }, () => Math.floor(rng.normal() * 20));
  if (type === 'i8') return Int8Array.from({ length: n }, () => rng.next() * 256 - 128);
  if (type === 'u8') return Uint8Array.from({ length: n }, () => rng.next() * 256);
  const c = channelCount(shape);
  const words = Math.ceil(c / 32);
  return Uint32Array.from(
    { length: (n / c) * words },
    (_, i) => word(rng) & (c % 32 && i % words === words - 1 ? 2 ** (c % 32) - 1 : -1),
  );
}

/**
 * `op` applied to an input of `type`: bits are made by a threshold of floats, and a result of bits is turned into
 * floats, so that every op can stand alone in a plan.
 */
export function single(
  op: Record<string, unknown>,
  input: BufferSpec,
  output: BufferSpec,
  weights: readonly { type: ElementType; shape: number[]; data?: TensorData }[] = [],
  seed = 1,
): Case {
  const buffers: BufferSpec[] = [];
  const ops: Op[] = [];
  const specs = weights.map(({ type, shape }) => ({ type, shape }));
  const data = weights.map(({ type, shape, data: given }, i) => given ?? randomData(type, shape, seed + i));
  const addWeight = (values: TensorData, type: ElementType, shape: number[]): number => {
    specs.push({ type, shape });
    data.push(values);
    return specs.length - 1;
  };
  let x = 0;
  if (input.type === 'bits' || input.type === 'i32') {
    const c = channelCount(input.shape);
    buffers.push({ type: 'f32', shape: input.shape });
    const t = addWeight(new Float32Array(c), 'f32', [c]);
    const flip = addWeight(new Uint32Array(Math.ceil(c / 32)), 'bits', [c]);
    ops.push({ op: 'threshold', inputs: [0], weights: [t, flip], output: 1 });
    buffers.push({ type: 'bits', shape: input.shape });
    x = 1;
    if (input.type === 'i32') {
      const identity = addWeight(
        Int8Array.from({ length: c * c }, (_, i) => (i % (c + 1) ? 0 : 7)),
        'i8',
        [c, c],
      );
      ops.push({ op: 'dense', inputs: [1], weights: [identity], output: 2 });
      buffers.push(input);
      x = 2;
    }
  } else buffers.push(input);
  buffers.push(output);
  const made = buffers.length - 1;
  ops.push({
    inputs: [x],
    ...(weights.length && { weights: weights.map((_, i) => i) }),
    ...op,
    output: made,
  } as unknown as Op);
  if (output.type === 'bits' || output.type === 'u8') {
    const c = channelCount(output.shape);
    const scale = addWeight(new Float32Array(c).fill(1), 'f32', [c]);
    const bias = addWeight(new Float32Array(c), 'f32', [c]);
    ops.push({ op: 'affine', inputs: [made], weights: [scale, bias], output: made + 1 });
    buffers.push({ type: 'f32', shape: output.shape });
  }
  const values = randomData(input.type === 'u8' ? 'u8' : 'f32', input.shape, seed + 100);
  return {
    model: {
      plan: { version: 1, input: 0, output: buffers.length - 1, buffers, weights: specs, ops },
      weights: data,
      metadata: {},
    },
    input: values as Uint8Array,
  };
}

/** A convolution, depthwise if `multiplier` is given. */
export interface ConvCase {
  type: 'bits' | 'u8' | 'f32';
  weight?: 'bits' | 'i8' | 'f32';
  size: [number, number];
  c: number;
  cOut?: number;
  kernel?: [number, number];
  strides?: [number, number];
  dilations?: [number, number];
  pads?: [number, number, number, number];
  padValue?: number;
  shift?: number;
  groups?: number;
  multiplier?: number;
  seed?: number;
}

/** The model of a {@link ConvCase}. */
export function convolution(given: ConvCase): Case {
  const {
    type,
    weight = 'bits',
    size,
    c,
    cOut = 5,
    kernel = [3, 3],
    strides = [1, 1],
    dilations = [1, 1],
  } = given;
  const { pads = [0, 0, 0, 0], padValue = 0, shift = 0, groups = 1, multiplier, seed = 1 } = given;
  const out = size.map(
    (n, i) =>
      Math.floor((n + pads[i]! + pads[i + 2]! - (kernel[i]! - 1) * dilations[i]! - 1) / strides[i]!) + 1,
  );
  const depthwise = multiplier !== undefined;
  const channels = depthwise ? c * multiplier : cOut;
  return single(
    {
      op: depthwise ? 'depthwise' : 'conv',
      kernel,
      strides,
      dilations,
      pads,
      padValue,
      shift,
      ...(depthwise ? { multiplier } : { groups }),
    },
    { type, shape: [...size, c] },
    { type: type === 'f32' ? 'f32' : 'i32', shape: [...out, channels] },
    [{ type: weight, shape: depthwise ? [...kernel, channels] : [channels, ...kernel, c / groups] }],
    seed,
  );
}
