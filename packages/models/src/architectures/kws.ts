// Key words in spectra: a small residual net, and one without shortcuts for microcontrollers.
import * as tfl from '@tensorflow/tfjs-layers';
import { explained, option } from '@bitgrad/core';
import { padding } from '@bitgrad/layers';
import { orDefault, type Builder, type Node } from '../builder.js';
import { defineModel } from '../define.js';
import { convolutionRules, type ConvolutionOptions } from '../options.js';
import { pool } from '../pooling.js';
import { average2x2 } from '../shortcuts.js';

/** Options of `kws`. */
export interface KwsOptions extends ConvolutionOptions {
  /** What goes around binary convolutions: real values (default), or nothing, so that between layers there are bits alone. */
  shortcut?: 'real' | 'none';
}

/** Three stages of two convolutions, around each of which the real values go: x + BatchNorm(conv(sign(x))). */
function residual(b: Builder<KwsOptions>, stem: Node): Node {
  let x = stem;
  [32, 64, 128].forEach((count, stage) => {
    const filters = b.channels(count);
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
  return x;
}

/** Four convolutions in a row, 64-64-128-128, with 2x2 maxima after the first and the third, where sums are still integers. */
function plain(b: Builder<KwsOptions>, stem: Node): Node {
  let x = stem;
  [64, 64, 128, 128].forEach((count, i) => {
    const name = `conv${i + 1}`;
    x = b.conv(x, name, { filters: b.channels(count) });
    if (i % 2 === 0) x = pool(b, x, `pool${i / 2 + 1}`);
    x = b.batchNorm(x, `${name}_bn`);
  });
  return x;
}

/**
 * A float 3x3 stem with stride 2, then binary 3x3 convolutions, their mean over time and bands, and a float layer. With
 * `shortcut: 'real'` three stages, 32-64-128, of two with a real-valued shortcut around each (Bi-Real Net, arXiv 1808.00278);
 * where the resolution halves, the shortcut is a 2x2 average with channels of zeros behind it (ResNet's option A): it has no
 * parameters. With `none` four in a row: a tenth of the memory on a microcontroller, which holds only some lines of bits.
 */
function build(b: Builder<KwsOptions>, input: Node): Node {
  const { firstKernelQuantizer, lastKernelQuantizer, shortcut = 'real' } = b.options;
  const stem = { filters: b.channels(32), strides: 2 };
  const x = b.batchNorm(b.firstConv(input, 'stem', stem, orDefault(firstKernelQuantizer, null)), 'stem_bn');
  const maps = shortcut === 'real' ? residual(b, x) : plain(b, x);
  const average = b.apply(tfl.layers.globalAveragePooling2d({ name: 'average' }), maps);
  return b.logits(average, orDefault(lastKernelQuantizer, null));
}

export const kws = defineModel<KwsOptions>({
  description:
    'a small net for spectra of spoken words: residual, 32-64-128, or without shortcuts for microcontrollers',
  options: {
    ...convolutionRules,
    shortcut: explained(
      option.oneOf('real', 'none'),
      'what goes around binary convolutions: real values, or nothing',
      'real',
    ),
  },
  build,
});
