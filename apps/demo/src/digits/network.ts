// The network that the Draw page ships with, and its float twin: equal shapes, so that sizes and times compare.
// Every weight and every activation is one bit, the first convolution reads bytes, and the last layer is binary too:
// the whole file is about 15 kB.
import * as tfl from '@tensorflow/tfjs-layers';
import { batchNorm, quantConv2d, quantDense } from '@bitgrad/layers';

/** Filters of the three convolutions. */
const filters = [32, 64, 128] as const;

/** Shape of a digit image. */
export const digitShape = [28, 28, 1] as const;

type Node = tfl.SymbolicTensor;

const apply = (layer: tfl.layers.Layer, x: Node): Node => layer.apply(x) as Node;
const pool = (x: Node, name: string): Node =>
  apply(tfl.layers.maxPooling2d({ name, poolSize: 2, strides: 2 }), x);

/**
 * The 1-bit network: three convolutions 32-64-128 with pooling, and a binary last layer.
 * @param quantizer name of a registered quantizer, for weights and activations
 * @returns a model of [n, 28, 28, 1] in [-1, 1] that gives logits [n, 10]
 */
export function binaryDigits(quantizer: string, seed: number): tfl.LayersModel {
  const input = tfl.input({ shape: [...digitShape], name: 'input' });
  let x = input;
  filters.forEach((count, i) => {
    const name = `conv${i + 1}`;
    const layer = quantConv2d({
      name,
      filters: count,
      kernelSize: 3,
      padding: 'same',
      useBias: false,
      kernelQuantizer: quantizer,
      inputQuantizer: i === 0 ? null : quantizer,
      kernelConstraint: 'weightClip',
      seed: seed * 10 + i,
    });
    x = apply(batchNorm({ name: `bn${i + 1}` }), pool(apply(layer, x), `pool${i + 1}`));
  });
  const last = quantDense({
    name: 'classes',
    units: 10,
    useBias: false,
    kernelQuantizer: quantizer,
    inputQuantizer: quantizer,
    kernelConstraint: 'weightClip',
    seed: seed * 10 + 3,
  });
  const logits = apply(
    batchNorm({ name: 'logits' }),
    apply(last, apply(tfl.layers.flatten({ name: 'flatten' }), x)),
  );
  return tfl.model({ inputs: input, outputs: logits, name: 'digits' });
}

/** The same network in float32, with ReLU where the other takes signs. */
export function floatDigits(seed: number): tfl.LayersModel {
  const input = tfl.input({ shape: [...digitShape], name: 'input' });
  let x = input;
  filters.forEach((count, i) => {
    const kernelInitializer = tfl.initializers.heNormal({ seed: seed * 10 + i });
    const layer = tfl.layers.conv2d({
      name: `conv${i + 1}`,
      filters: count,
      kernelSize: 3,
      padding: 'same',
      kernelInitializer,
    });
    x = pool(apply(tfl.layers.reLU({ name: `relu${i + 1}` }), apply(layer, x)), `pool${i + 1}`);
  });
  const kernelInitializer = tfl.initializers.glorotUniform({ seed: seed * 10 + 3 });
  const logits = apply(
    tfl.layers.dense({ name: 'logits', units: 10, kernelInitializer }),
    apply(tfl.layers.flatten({ name: 'flatten' }), x),
  );
  return tfl.model({ inputs: input, outputs: logits, name: 'digits_float' });
}
