// The packed networks: reference models of @bitgrad/models compiled by @bitgrad/compiler with untrained weights, whose
// time is that of trained ones; and chains of single layers as plans.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { compileModel } from '@bitgrad/compiler';
import { createRng, use } from '@bitgrad/core';
import { createModel } from '@bitgrad/models';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { encodeModel, type BufferSpec, type Op, type Plan, type TensorData } from '@bitgrad/runtime';
import type { FloatNet } from './float.js';

/** Layers that a long chain has more than a short one: their difference is timed, which leaves out the ends. */
export const extraLayers = 4;

/** `depth` convolutions 3x3 of bits, each followed by its thresholds, between a sign of floats and a float end. */
function chain([size, , channels]: readonly [number, number, number], depth: number): Uint8Array {
  const rng = createRng(depth);
  const shape = [size, size, channels];
  const words = channels / 32;
  const random = (count: number): Uint32Array =>
    Uint32Array.from({ length: count }, () => rng.integer(2 ** 16) * 2 ** 16 + rng.integer(2 ** 16));
  const buffers: BufferSpec[] = [{ type: 'f32', shape }];
  const specs: Plan['weights'][number][] = [];
  const weights: TensorData[] = [];
  const ops: Op[] = [];
  const weight = (type: 'bits' | 'i32' | 'f32', dims: number[], data: TensorData): number => {
    specs.push({ type, shape: dims });
    return weights.push(data) - 1;
  };
  const push = (op: object, spec: BufferSpec): number => {
    const output = buffers.push(spec) - 1;
    ops.push({ ...op, output } as Op);
    return output;
  };
  const threshold = (x: number, type: 'i32' | 'f32'): number => {
    const values = Array.from({ length: channels }, () => rng.integer(21) - 10);
    const t = weight(type, [channels], type === 'i32' ? Int32Array.from(values) : Float32Array.from(values));
    const flips = weight('bits', [channels], random(words));
    return push({ op: 'threshold', inputs: [x], weights: [t, flips] }, { type: 'bits', shape });
  };
  const window = { kernel: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] };
  let x = threshold(0, 'f32');
  for (let i = 0; i < depth; i++) {
    const kernel = weight('bits', [channels, 3, 3, channels], random(channels * 9 * words));
    const conv = { op: 'conv', inputs: [x], weights: [kernel], ...window, groups: 1, shift: 0, padValue: 0 };
    x = threshold(push(conv, { type: 'i32', shape }), 'i32');
  }
  const all = { ...window, kernel: [size, size], pads: [0, 0, 0, 0] };
  const end = push({ op: 'avgPool', inputs: [x], ...all }, { type: 'f32', shape: [1, 1, channels] });
  return encodeModel({ version: 1, input: 0, output: end, buffers, weights: specs, ops }, weights, {});
}

async function compiled(net: FloatNet): Promise<Uint8Array> {
  use(stePlugin);
  const model = createModel(net.name, {
    inputShape: net.input,
    classes: net.output[0]!,
    kernelQuantizer: 'ste',
    seed: 1,
    width: net.width,
  });
  const rng = createRng(1);
  const size = net.input[0] * net.input[1] * net.input[2];
  const { bytes } = await compileModel(model, {
    input: 'u8',
    normalization: { mean: [127.5], std: [127.5] },
    samples: Uint8Array.from({ length: size }, () => rng.integer(256)),
    firstLayer: 'auto',
  });
  model.dispose();
  return bytes;
}

/** The files of a packed network; a single layer has a long and a short chain. */
export interface PackedFiles {
  /** Examples of one call; 1 when absent. */
  readonly batch?: number;
  readonly whole: Uint8Array;
  readonly part?: Uint8Array;
}

/** Compiles or builds the packed form of a network. A tfjs backend must have been set. */
export async function packedFiles(net: FloatNet): Promise<PackedFiles> {
  if (net.output.length === 3) return { whole: chain(net.input, 1 + extraLayers), part: chain(net.input, 1) };
  await tf.ready();
  return { whole: await compiled(net), ...(net.batch && { batch: net.batch }) };
}
