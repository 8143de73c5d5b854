// QuickNet of the Larq Compute Engine (arXiv 2011.09398), the middle one of its three sizes.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { orDefault, type Builder, type Node } from '../builder.js';
import { defineModel } from '../define.js';
import { convolutionRules, type ConvolutionOptions } from '../options.js';

/** A fixed 3x3 low-pass, [1, 2, 1] x [1, 2, 1] / 16, with stride 2 (Zhang, arXiv 1904.11486). */
function blurPool(b: Builder, x: Node, name: string): Node {
  const c = x.shape[3]!;
  const taps = [1, 2, 1].flatMap((row) => [1, 2, 1].map((column) => (row * column) / 16));
  const kernel = tf.tidy(() => tf.tile(tf.tensor4d(taps, [3, 3, 1, 1]), [1, 1, c, 1]));
  const options = { kernelSize: 3, strides: 2, padding: 'same', useBias: false, trainable: false } as const;
  const y = b.apply(tfl.layers.depthwiseConv2d({ name, ...options, weights: [kernel] }), x);
  kernel.dispose();
  return y;
}

/**
 * Four sections of four binary 3x3 convolutions, ReLU and BatchNorm after each, a shortcut around each; between sections
 * ReLU, an anti-aliased max pool and a float 1x1 convolution. The stem reduces the resolution by 4. Padding is with +1.
 */
function build(b: Builder, input: Node): Node {
  const relu = (x: Node, name: string): Node => b.apply(tfl.layers.reLU({ name }), x);
  const point = (x: Node, name: string, filters: number): Node =>
    b.batchNorm(b.floatConv(x, name, { filters, kernelSize: 1 }), `${name}_bn`);
  const widths = [64, 128, 256, 512].map((count) => b.channels(count));
  const stem = { filters: Math.max(1, Math.floor(widths[0]! / 4)), strides: 2 };
  let x = b.firstConv(input, 'stem', stem, orDefault(b.options.firstKernelQuantizer, null));
  x = relu(b.batchNorm(x, 'stem_bn'), 'stem_relu');
  const spread = { kernelSize: 3, strides: 2, padding: 'same', useBias: false } as const;
  const initializer = tfl.initializers.glorotUniform({ seed: b.seedOf('stem_depthwise') });
  x = b.apply(
    tfl.layers.depthwiseConv2d({ name: 'stem_depthwise', ...spread, depthwiseInitializer: initializer }),
    x,
  );
  x = point(b.batchNorm(x, 'stem_depthwise_bn'), 'stem_point', widths[0]!);
  for (const [section, filters] of widths.entries()) {
    if (section > 0) {
      const name = `transition${section}`;
      // Of one pixel nothing can be left out.
      const padding = Math.min(x.shape[1]!, x.shape[2]!) < 2 ? 'same' : 'valid';
      const most = { name: `${name}_pool`, poolSize: 2, strides: 1, padding } as const;
      x = blurPool(b, b.apply(tfl.layers.maxPooling2d(most), relu(x, `${name}_relu`)), `${name}_blur`);
      x = point(x, `${name}_point`, filters);
    }
    for (let i = 1; i <= 4; i++) {
      const name = `section${section + 1}_conv${i}`;
      const y = relu(b.conv(x, name, { filters, padValues: 1 }), `${name}_relu`);
      x = b.apply(tfl.layers.add({ name: `${name}_add` }), [x, b.batchNorm(y, `${name}_bn`)]);
    }
  }
  const average = b.apply(tfl.layers.globalAveragePooling2d({ name: 'average' }), relu(x, 'relu'));
  return b.logits(average, orDefault(b.options.lastKernelQuantizer, null));
}

export const quicknet = defineModel<ConvolutionOptions>({
  description: 'QuickNet (arXiv 2011.09398), 64-128-256-512, anti-aliased transitions; for large images',
  options: convolutionRules,
  build,
});
