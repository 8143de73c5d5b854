// Key words in sound that goes on: a net along time that is causal, so that each new frame is computed once.
import * as tfl from '@tensorflow/tfjs-layers';
import { orDefault, type Builder, type Node } from '../builder.js';
import { defineModel } from '../define.js';
import { convolutionRules, type ConvolutionOptions } from '../options.js';

/**
 * The bands of each frame to 96 channels by a float layer; three stages of two causal binary convolutions of 3 frames, around
 * each of which the real values go, x + BatchNorm(conv(sign(x))) (Bi-Real Net, arXiv 1808.00278), with means of 2 frames
 * between them; the mean over time and a float layer. Temporal convolution for key words: arXiv 1904.03814; causal
 * convolutions: arXiv 1609.03499.
 */
function build(b: Builder<ConvolutionOptions>, input: Node): Node {
  const { firstKernelQuantizer, lastKernelQuantizer, inputShape } = b.options;
  const [frames, bands, channels] = inputShape;
  const rows = b.apply(
    tfl.layers.reshape({ name: 'frames', targetShape: [frames, 1, bands * channels] }),
    input,
  );
  const filters = b.channels(96);
  const first = b.firstConv(rows, 'stem', { filters, kernelSize: 1 }, orDefault(firstKernelQuantizer, null));
  let x = b.batchNorm(first, 'stem_bn');
  for (const stage of [1, 2, 3]) {
    if (stage > 1)
      x = b.apply(tfl.layers.averagePooling2d({ name: `pool${stage - 1}`, poolSize: [2, 1], strides: [2, 1] }), x); // prettier-ignore
    for (const i of [1, 2]) {
      const name = `stage${stage}_conv${i}`;
      const y = b.batchNorm(b.causalConv(x, name, { filters }), `${name}_bn`);
      x = b.apply(tfl.layers.add({ name: `${name}_add` }), [x, y]);
    }
  }
  const average = b.apply(tfl.layers.globalAveragePooling2d({ name: 'average' }), x);
  return b.logits(average, orDefault(lastKernelQuantizer, null));
}

export const kws1d = defineModel<ConvolutionOptions>({
  description: 'a causal net along time for spoken words: each new frame is computed once',
  options: convolutionRules,
  build,
});
