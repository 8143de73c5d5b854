// Residual networks.
import * as tfl from '@tensorflow/tfjs-layers';
import { orDefault, type Builder, type Node } from '../builder.js';
import { defineModel } from '../define.js';
import { convolutionRules, type ConvolutionOptions } from '../options.js';

/** Channels and number of 3x3 convolutions of each stage; every stage but the first halves the resolution. */
interface ResidualStages {
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
function build(b: Builder, input: Node, stages: ResidualStages): Node {
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

export const resnet20 = defineModel<ConvolutionOptions>({
  description: 'ResNet-20 for CIFAR (16-32-64) with a real-valued shortcut around every binary convolution',
  options: convolutionRules,
  build: (b, x) => build(b, x, { channels: [16, 32, 64], convolutions: 6, largeStem: false }),
});

const isLarge = ({ options: { inputShape } }: Builder): boolean =>
  Math.min(inputShape[0], inputShape[1]) >= 64;

export const birealnet18 = defineModel<ConvolutionOptions>({
  description:
    'Bi-Real Net 18 (arXiv 1808.00278), 64-128-256-512; the ImageNet stem for inputs of 64 pixels and more',
  options: convolutionRules,
  build: (b, x) => build(b, x, { channels: [64, 128, 256, 512], convolutions: 4, largeStem: isLarge(b) }),
});
