// The reference architectures: each adds its layers to a builder's graph and returns the logits.
import * as tfl from '@tensorflow/tfjs-layers';
import { BitgradError } from '@bitgrad/core';
import { orDefault, type Builder, type Node } from './options.js';

/** Binary MLP: sign(x), then dense + BatchNorm (+ sign) layers, the last one binary too. */
export function mlp(b: Builder, input: Node, hidden: readonly number[]): Node {
  let x = b.apply(tfl.layers.flatten({ name: 'flatten' }), input);
  hidden.forEach((units, i) => {
    x = b.dense(x, `dense${i + 1}`, b.channels(units), i === 0);
    x = b.batchNorm(x, `bn${i + 1}`);
  });
  return b.logits(x, orDefault(b.options.lastKernelQuantizer, b.options.kernelQuantizer));
}

/** 2x2 maximum; a last odd row or column is dropped, as in PyTorch. */
const pool = (b: Builder, x: Node, name: string): Node => {
  if (Math.min(x.shape[1]!, x.shape[2]!) < 2)
    throw new BitgradError({
      code: 'invalid-option',
      source: 'models',
      what: `inputShape: nothing is left to pool at layer "${name}"`,
      got: b.options.inputShape,
      expected: 'a larger height and width',
    });
  return b.apply(tfl.layers.maxPooling2d({ name, poolSize: 2, strides: 2 }), x);
};

/**
 * Three 3x3 convolutions, 32-64-64, and a fully connected layer, every weight binary; pooling before BatchNorm, so that
 * it works on integers when deployed.
 */
export function cnn(b: Builder, input: Node): Node {
  const { firstKernelQuantizer, lastKernelQuantizer, kernelQuantizer } = b.options;
  let x = b.firstConv(
    input,
    'conv1',
    { filters: b.channels(32) },
    orDefault(firstKernelQuantizer, kernelQuantizer),
  );
  x = b.batchNorm(pool(b, x, 'pool1'), 'bn1');
  x = b.conv(x, 'conv2', { filters: b.channels(64) });
  x = b.batchNorm(pool(b, x, 'pool2'), 'bn2');
  x = b.conv(x, 'conv3', { filters: b.channels(64) });
  x = b.batchNorm(x, 'bn3');
  const flat = b.apply(tfl.layers.flatten({ name: 'flatten' }), x);
  return b.logits(flat, orDefault(lastKernelQuantizer, kernelQuantizer));
}

/** VGG-small: 128-128-M-256-256-M-512-512-M and one fully connected layer; first and last layer in float. */
export function vggSmall(b: Builder, input: Node): Node {
  let x = input;
  [128, 128, 256, 256, 512, 512].forEach((count, i) => {
    const shape = { filters: b.channels(count) };
    const name = `conv${i + 1}`;
    x =
      i === 0
        ? b.firstConv(x, name, shape, orDefault(b.options.firstKernelQuantizer, null))
        : b.conv(x, name, shape);
    if (i % 2 === 1) x = pool(b, x, `pool${(i + 1) / 2}`);
    x = b.batchNorm(x, `bn${i + 1}`);
  });
  const flat = b.apply(tfl.layers.flatten({ name: 'flatten' }), x);
  return b.logits(flat, orDefault(b.options.lastKernelQuantizer, null));
}

/** Channels and number of 3x3 convolutions of each stage; every stage but the first halves the resolution. */
export interface ResidualStages {
  readonly channels: readonly number[];
  readonly convolutions: number;
  /** ImageNet's stem on large images: 7x7 with stride 2 and a 3x3 max pooling. */
  readonly largeStem: boolean;
}

/**
 * Residual net of binary 3x3 convolutions with a real-valued shortcut around each (Bi-Real Net, arXiv 1808.00278):
 * x + BatchNorm(conv(sign(x))). Where the resolution halves, the shortcut is a 2x2 average, a float 1x1 convolution and
 * BatchNorm. Stem and last layer are float.
 */
export function residual(b: Builder, input: Node, stages: ResidualStages): Node {
  const stem = {
    filters: b.channels(stages.channels[0]!),
    kernelSize: stages.largeStem ? 7 : 3,
    strides: stages.largeStem ? 2 : 1,
  };
  let x = b.batchNorm(
    b.firstConv(input, 'stem', stem, orDefault(b.options.firstKernelQuantizer, null)),
    'stem_bn',
  );
  if (stages.largeStem)
    x = b.apply(tfl.layers.maxPooling2d({ name: 'stem_pool', poolSize: 3, strides: 2, padding: 'same' }), x);
  stages.channels.forEach((count, stage) => {
    for (let i = 0; i < stages.convolutions; i++) {
      const name = `stage${stage + 1}_conv${i + 1}`;
      const halves = stage > 0 && i === 0;
      const filters = b.channels(count);
      const y = b.batchNorm(b.conv(x, name, { filters, strides: halves ? 2 : 1 }), `${name}_bn`);
      const shortcut = halves ? downsample(b, x, `${name}_shortcut`, filters) : x;
      x = b.apply(tfl.layers.add({ name: `${name}_add` }), [shortcut, y]);
    }
  });
  const average = b.apply(tfl.layers.globalAveragePooling2d({ name: 'average' }), x);
  return b.logits(average, orDefault(b.options.lastKernelQuantizer, null));
}

const downsample = (b: Builder, x: Node, name: string, filters: number): Node => {
  const average = tfl.layers.averagePooling2d({
    name: `${name}_pool`,
    poolSize: 2,
    strides: 2,
    padding: 'same',
  });
  const projected = b.floatConv(b.apply(average, x), `${name}_conv`, { filters, kernelSize: 1 });
  return b.batchNorm(projected, `${name}_bn`);
};
