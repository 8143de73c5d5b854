// ResNet-18 with binary convolutions.
import * as tfl from '@tensorflow/tfjs-layers';
import { hardTanh, padding } from '@bitgrad/layers';
import { orDefault, type Builder, type Node } from '../builder.js';
import { defineModel } from '../define.js';
import { convolutionRules, type ConvolutionOptions } from '../options.js';

/**
 * ResNet-18 (arXiv 1512.03385): blocks of two 3x3 convolutions with BatchNorm, a float 1x1 convolution in the shortcut
 * where shapes change, float stem and head. With float activations ReLU is where it always is; where activations are
 * signs, hard tanh takes its place, since the sign of what ReLU leaves is +1.
 */
function build(b: Builder, input: Node): Node {
  const large = Math.min(b.options.inputShape[0], b.options.inputShape[1]) >= 64;
  const float = b.inputQuantizer === null;
  const nonlinear = (x: Node, name: string): Node =>
    b.apply(float ? tfl.layers.reLU({ name: `${name}_relu` }) : hardTanh({ name: `${name}_hardtanh` }), x);
  const first = large
    ? { filters: b.channels(64), kernelSize: 7, strides: 2, padding: 3 }
    : { filters: b.channels(64), padding: 1 };
  let x = b.firstConv(input, 'stem', first, orDefault(b.options.firstKernelQuantizer, null));
  x = nonlinear(b.batchNorm(x, 'stem_bn'), 'stem');
  if (large) {
    // The least value that is there, so that it is never the only maximum.
    const sides = { rows: 1, columns: 1, value: float ? 0 : -1 };
    x = b.apply(padding({ name: 'stem_padding', ...sides }), x);
    x = b.apply(tfl.layers.maxPooling2d({ name: 'stem_pool', poolSize: 3, strides: 2 }), x);
  }
  for (const [stage, count] of [64, 128, 256, 512].entries())
    for (const i of [1, 2]) {
      const name = `stage${stage + 1}_block${i}`;
      const [filters, strides] = [b.channels(count), stage > 0 && i === 1 ? 2 : 1];
      const conv = (y: Node, part: string, stride: number): Node =>
        b.batchNorm(
          b.conv(y, `${name}_${part}`, { filters, strides: stride, padding: 1 }),
          `${name}_${part}_bn`,
        );
      const y = conv(nonlinear(conv(x, 'conv1', strides), `${name}_conv1`), 'conv2', 1);
      const around = strides === 1 ? x : project(b, x, `${name}_shortcut`, filters);
      x = nonlinear(b.apply(tfl.layers.add({ name: `${name}_add` }), [around, y]), name);
    }
  const average = b.apply(tfl.layers.globalAveragePooling2d({ name: 'average' }), x);
  return b.logits(average, orDefault(b.options.lastKernelQuantizer, null));
}

const project = (b: Builder, x: Node, name: string, filters: number): Node =>
  b.batchNorm(b.floatConv(x, name, { filters, kernelSize: 1, strides: 2, padding: 0 }), `${name}_bn`);

export const resnet18 = defineModel<ConvolutionOptions>({
  description:
    'ResNet-18 (arXiv 1512.03385), two convolutions a shortcut; the ImageNet stem for inputs of 64 pixels and more',
  options: convolutionRules,
  build,
});
