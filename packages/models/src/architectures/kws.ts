// Key words in spectra: a small residual net.
import * as tfl from '@tensorflow/tfjs-layers';
import { padding } from '@bitgrad/layers';
import { orDefault, type Builder, type Node } from '../builder.js';
import { defineModel } from '../define.js';
import { convolutionRules, type ConvolutionOptions } from '../options.js';
import { average2x2 } from '../shortcuts.js';

/**
 * A float 3x3 stem with stride 2, then three stages, 32-64-128, of two binary 3x3 convolutions with a real-valued shortcut
 * around each, x + BatchNorm(conv(sign(x))) (Bi-Real Net, arXiv 1808.00278). Where the resolution halves, the shortcut is a
 * 2x2 average with channels of zeros behind it (ResNet's option A): it has no parameters. The last layer is float.
 */
function build(b: Builder, input: Node): Node {
  const { firstKernelQuantizer, lastKernelQuantizer } = b.options;
  const widths = [32, 64, 128].map((count) => b.channels(count));
  const stem = { filters: widths[0]!, strides: 2 };
  let x = b.batchNorm(b.firstConv(input, 'stem', stem, orDefault(firstKernelQuantizer, null)), 'stem_bn');
  widths.forEach((filters, stage) => {
    for (const i of [1, 2]) {
      const name = `stage${stage + 1}_conv${i}`;
      const halves = stage > 0 && i === 1;
      const y = b.batchNorm(b.conv(x, name, { filters, strides: halves ? 2 : 1 }), `${name}_bn`);
      if (halves) {
        const missing = filters - x.shape[3]!;
        const halved = average2x2(b, x, `${name}_average`);
        x = b.apply(padding({ name: `${name}_channels`, channels: [0, missing] }), halved);
      }
      x = b.apply(tfl.layers.add({ name: `${name}_add` }), [x, y]);
    }
  });
  const average = b.apply(tfl.layers.globalAveragePooling2d({ name: 'average' }), x);
  return b.logits(average, orDefault(lastKernelQuantizer, null));
}

export const kws = defineModel<ConvolutionOptions>({
  description:
    'a small residual net for spectra of spoken words, 32-64-128, with shortcuts that have no parameters',
  options: convolutionRules,
  build,
});
