// VGG-small.
import * as tfl from '@tensorflow/tfjs-layers';
import { orDefault, type Builder, type Node } from '../builder.js';
import { defineModel } from '../define.js';
import { convolutionRules, type ConvolutionOptions } from '../options.js';
import { pool } from '../pooling.js';

/** VGG-small: 128-128-M-256-256-M-512-512-M and one fully connected layer; first and last layer in float. */
function build(b: Builder, input: Node): Node {
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

export const vggSmall = defineModel<ConvolutionOptions>({
  description: 'VGG-small 128-128-256-256-512-512, float first and last layer; the usual CIFAR-10 net',
  options: convolutionRules,
  build,
});
