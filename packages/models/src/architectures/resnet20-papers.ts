// The two ResNet-20 of papers on CIFAR-10, as their authors' code builds them: padding of 1 on every side, option-A
// shortcuts, float stem and head.
import * as tfl from '@tensorflow/tfjs-layers';
import { hardTanh, prelu } from '@bitgrad/layers';
import { orDefault, type Builder, type Node } from '../builder.js';
import { defineModel } from '../define.js';
import { convolutionRules, type ConvolutionOptions } from '../options.js';
import { optionA } from '../shortcuts.js';

const channels = [16, 32, 64];
const blocks = 3;

const stem = (b: Builder, input: Node): Node => {
  const shape = { filters: b.channels(channels[0]!), padding: 1 };
  return b.batchNorm(
    b.firstConv(input, 'stem', shape, orDefault(b.options.firstKernelQuantizer, null)),
    'stem_bn',
  );
};

/** Calls `block` for each block of two convolutions, with its stride. */
const stages = (
  b: Builder,
  x: Node,
  block: (x: Node, name: string, filters: number, strides: number) => Node,
): Node =>
  channels.reduce((y, count, stage) => {
    for (let i = 0; i < blocks; i++)
      y = block(y, `stage${stage + 1}_block${i + 1}`, b.channels(count), stage > 0 && i === 0 ? 2 : 1);
    return y;
  }, x);

const average = (b: Builder, x: Node): Node =>
  b.apply(tfl.layers.globalAveragePooling2d({ name: 'average' }), x);

/** FDA's network (arXiv 2103.00841): [convolution, PReLU of one slope, BatchNorm] twice, then the shortcut. */
function buildFda(b: Builder, input: Node): Node {
  const slope = tfl.initializers.constant({ value: 0.25 });
  const half = (x: Node, name: string, filters: number, strides: number): Node => {
    const y = b.conv(x, name, { filters, strides, padding: 1 });
    const shared = { name: `${name}_prelu`, alphaInitializer: slope, sharedAxes: [1, 2, 3] };
    return b.batchNorm(b.apply(prelu(shared), y), `${name}_bn`);
  };
  const x = stages(b, stem(b, input), (x, name, filters, strides) => {
    const y = half(half(x, `${name}_conv1`, filters, strides), `${name}_conv2`, filters, 1);
    const around = strides === 1 ? x : optionA(b, x, `${name}_shortcut`, filters, 'after');
    return b.apply(tfl.layers.add({ name: `${name}_add` }), [around, y]);
  });
  const positive = b.apply(tfl.layers.reLU({ name: 'relu' }), x);
  return b.logits(average(b, positive), orDefault(b.options.lastKernelQuantizer, null));
}

/** IR-Net's network (arXiv 1909.10788): a shortcut around each convolution, hard tanh after each sum. */
function buildIrnet(b: Builder, input: Node): Node {
  const clip = (x: Node, name: string): Node => b.apply(hardTanh({ name }), x);
  const one = (x: Node, name: string, filters: number, strides: number): Node => {
    const y = b.batchNorm(b.conv(x, name, { filters, strides, padding: 1 }), `${name}_bn`);
    const around = strides === 1 ? x : optionA(b, x, `${name}_shortcut`, filters, 'both');
    return clip(b.apply(tfl.layers.add({ name: `${name}_add` }), [around, y]), `${name}_hardtanh`);
  };
  const x = stages(b, clip(stem(b, input), 'stem_hardtanh'), (x, name, filters, strides) =>
    one(one(x, `${name}_conv1`, filters, strides), `${name}_conv2`, filters, 1),
  );
  return b.logits(b.batchNorm(average(b, x), 'average_bn'), orDefault(b.options.lastKernelQuantizer, null));
}

export const resnet20Fda = defineModel<ConvolutionOptions>({
  description:
    "FDA's ResNet-20 (arXiv 2103.00841): two convolutions a shortcut, convolution - PReLU - BatchNorm, option A",
  options: convolutionRules,
  build: buildFda,
});

export const resnet20Irnet = defineModel<ConvolutionOptions>({
  description:
    "IR-Net's ResNet-20 (arXiv 1909.10788): a shortcut around each convolution, option A, hard tanh",
  options: convolutionRules,
  build: buildIrnet,
});
