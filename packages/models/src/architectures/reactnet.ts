// ReActNet-A: MobileNet V1 made binary (arXiv 2003.03488).
import * as tfl from '@tensorflow/tfjs-layers';
import { rprelu } from '@bitgrad/layers';
import { orDefault, type Builder, type Node } from '../builder.js';
import { defineModel } from '../define.js';
import { convolutionRules, type ConvolutionOptions } from '../options.js';
import { average2x2 } from '../shortcuts.js';

/** Output channels and stride of each block. */
const blocks = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  ...Array.from({ length: 5 }, () => [512, 1] as const),
  [1024, 2],
  [1024, 1],
] as const;

/**
 * A float 3x3 stem of stride 2, then blocks of a 3x3 and a 1x1 binary convolution, each with BatchNorm, a shortcut around
 * it and RPReLU. Where the channels double, two 1x1 convolutions with a shortcut each lie beside each other. Every
 * convolution has thresholds of its own where the activations are `rsign`.
 */
function build(b: Builder, input: Node): Node {
  const add = (name: string, x: Node, y: Node): Node => b.apply(tfl.layers.add({ name }), [x, y]);
  const conv = (x: Node, name: string, filters: number, kernelSize: 1 | 3, strides: number): Node =>
    b.batchNorm(
      b.conv(x, name, { filters, kernelSize, strides, padding: (kernelSize - 1) / 2 }),
      `${name}_bn`,
    );
  const stem = { filters: b.channels(32), strides: 2, padding: 1 };
  let x = b.firstConv(input, 'stem', stem, orDefault(b.options.firstKernelQuantizer, null));
  x = b.batchNorm(x, 'stem_bn');
  for (const [i, [count, strides]] of blocks.entries()) {
    const name = `block${i + 1}`;
    const inputs = x.shape[3]!;
    const around = strides === 2 ? average2x2(b, x, `${name}_shortcut`) : x;
    const wide = add(`${name}_add1`, around, conv(x, `${name}_spatial`, inputs, 3, strides));
    x = b.apply(rprelu({ name: `${name}_rprelu1` }), wide);
    // Whole copies of the input channels lie beside each other.
    const copies = Math.max(1, Math.round(b.channels(count) / inputs));
    const parts = Array.from({ length: copies }, (_, k) => {
      const part = copies === 1 ? '' : `${k + 1}`;
      return add(`${name}_add2${part}`, x, conv(x, `${name}_point${part}`, inputs, 1, 1));
    });
    const joined =
      copies === 1 ? parts[0]! : b.apply(tfl.layers.concatenate({ name: `${name}_join` }), parts);
    x = b.apply(rprelu({ name: `${name}_rprelu2` }), joined);
  }
  const average = b.apply(tfl.layers.globalAveragePooling2d({ name: 'average' }), x);
  return b.logits(average, orDefault(b.options.lastKernelQuantizer, null));
}

export const reactnetA = defineModel<ConvolutionOptions>({
  description: 'ReActNet-A (arXiv 2003.03488): binary MobileNet V1, RSign and RPReLU; for large images',
  options: convolutionRules,
  inputQuantizer: 'rsign',
  build,
});
