// A small convolutional network.
import * as tfl from '@tensorflow/tfjs-layers';
import { orDefault, type Builder, type Node } from '../builder.js';
import { defineModel } from '../define.js';
import { convolutionRules, type ConvolutionOptions } from '../options.js';
import { pool } from '../pooling.js';

/**
 * Three 3x3 convolutions, 32-64-64, and a fully connected layer, every weight binary; pooling before BatchNorm, so that
 * it works on integers when deployed.
 */
function build(b: Builder, input: Node): Node {
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

export const cnn = defineModel<ConvolutionOptions>({
  description: 'binary 3x3 convolutions 32-64-64, max pooling, a binary dense layer; for small images',
  options: convolutionRules,
  build,
});
