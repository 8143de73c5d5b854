// IR-Net's ResNet-20 (arXiv 1909.10788): balanced, standardized weights with a power of two for each filter.
import { binarized, mapRows, meanOf, optionA, signsOf, type Architecture, type Network } from '../network.js';

/** Signs of a filter around its mean, times the power of two next to its mean size in units of the deviation. */
function kernelOf(row: Float64Array): Float64Array {
  const mean = meanOf(row);
  const balanced = row.map((v) => v - mean);
  const deviation = Math.sqrt(balanced.reduce((sum, v) => sum + v * v, 0) / (row.length - 1));
  const size = meanOf(balanced.map((v) => Math.abs(v / deviation)));
  const scale = 2 ** Math.round(Math.log2(size));
  return signsOf(balanced).map((v) => v * scale);
}

function half(n: Network, block: string, i: 1 | 2, x: string, stride: number): string {
  const name = `${block}.conv${i}`;
  const kernel = mapRows(n.tensor(`${name}.weight`), kernelOf);
  const conv = n.conv(name, binarized(n, name, x), kernel, { stride, padding: 1 });
  const y = n.batchNorm(`${block}.bn${i}`, conv);
  const around = stride === 1 ? x : optionA(n, `${block}.shortcut`, x, n.shape(y).at(-1)!);
  return n.emit(`${block}.hardtanh${i}`, 'clip', [n.add(`${block}.add${i}`, y, around)], { min: -1, max: 1 });
}

export const resnet20Irnet: Architecture = {
  description: "IR-Net's ResNet-20 for CIFAR (arXiv 1909.10788)",
  input: [32, 32, 3],
  normalization: { mean: [0.485, 0.456, 0.406].map((v) => v * 255), std: [0.229, 0.224, 0.225].map((v) => v * 255) }, // prettier-ignore
  build(n, input) {
    const stem = n.batchNorm('bn1', n.conv('conv1', input, n.tensor('conv1.weight'), { padding: 1 }));
    let x = n.emit('hardtanh', 'clip', [stem], { min: -1, max: 1 });
    for (const stage of [1, 2, 3])
      for (const i of [0, 1, 2]) {
        const block = `layer${stage}.${i}`;
        x = half(n, block, 2, half(n, block, 1, x, stage > 1 && i === 0 ? 2 : 1), 1);
      }
    return n.linear('linear', n.batchNorm('bn2', n.average(x)));
  },
};
