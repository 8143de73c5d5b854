// AdaBin's ResNet-20 (arXiv 2208.08084): two learned values for the activations of each convolution, two for each filter.
import { tensorOf } from '../../../graph.js';
import { binarized, mapRows, meanOf, optionA, type Architecture, type Network } from '../network.js';
import { check } from '../../../fail.js';

/**
 * Activations alpha (sign((x - beta) / alpha) + beta), padded by 0, and filters of their mean +- standard deviation.
 *
 * With s the signs, a = |alpha| and b = alpha beta, a product with weights w is a conv(s, w) + b conv(1, w) where real
 * taps count in both. What padded taps would add to conv(s, w) if they were +1 is the difference of two products that pad
 * by 1 and by 0; so it is (a + b) conv0(s, w) - b conv1(s, w) + b sum(w): of bits, with scales. Filters split alike, into
 * signs times the deviation, and ones times the mean: the ones need one filter for all outputs.
 */
function conv(n: Network, name: string, x: string, stride: number): string {
  const scalar = (part: string): number => {
    const { data } = n.tensor(`${name}.binary_a.${part}`);
    check(data.length === 1, `${name}.binary_a.${part}`, data.length, 'one number');
    return data[0]!;
  };
  const [alpha, beta] = [scalar('alpha_a'), scalar('beta_a')];
  const [a, b] = [Math.abs(alpha), alpha * beta];
  const w = n.tensor(`${name}.weight`);
  const deviation = (row: Float64Array): number => {
    const mean = meanOf(row);
    return Math.sqrt(row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length);
  };
  const signs = mapRows(w, (row) => {
    const [mean, size] = [meanOf(row), deviation(row)];
    return row.map((v) => size * Math.sign(v - mean));
  });
  const ones = tensorOf([1, ...w.shape.slice(1)], new Float64Array(w.data.length / w.shape[0]!).fill(1));
  const s = binarized(n, name, x, beta);
  const both = (kernel: typeof w): string => {
    const times = (k: number) => tensorOf(kernel.shape, kernel.data.map((v) => v * k)); // prettier-ignore
    const zero = n.conv(name, s, times(a + b), { stride, padding: 1 });
    if (b === 0) return zero;
    return n.add(name, zero, n.conv(name, s, times(-b), { stride, padding: 1, padValue: 1 }));
  };
  const means: number[] = [];
  mapRows(w, (row) => (means.push(meanOf(row)), row));
  // b times the sum of each filter's binary values.
  const rest: number[] = [];
  mapRows(signs, (row) => (rest.push(b * row.length * (meanOf(row) + means[rest.length]!)), row));
  const spread = tensorOf([means.length, 1, 1, 1], means);
  return n.add(name, both(signs), n.conv(name, both(ones), spread, { bias: rest }));
}

/** pos x where x is positive, neg x elsewhere. */
function maxout(n: Network, name: string, x: string): string {
  const [neg, pos] = [n.tensor(`${name}.neg_scale`), n.tensor(`${name}.pos_scale`)];
  check(pos.data.every((v) => v !== 0), `${name}.pos_scale`, 0, 'numbers other than 0'); // prettier-ignore
  const slope = tensorOf(neg.shape, neg.data.map((v, i) => v / pos.data[i]!)); // prettier-ignore
  return n.emit(name, 'mul', [n.emit(name, 'prelu', [x, n.constant(name, slope)]), n.constant(name, pos)]);
}

/** A convolution and BatchNorm with a shortcut around them, then Maxout. */
function half(n: Network, block: string, i: 1 | 2, x: string, stride: number): string {
  const y = n.batchNorm(`${block}.bn${i}`, conv(n, `${block}.conv${i}`, x, stride));
  const around = stride === 1 ? x : optionA(n, `${block}.shortcut`, x, n.shape(y).at(-1)!);
  return maxout(n, `${block}.nonlinear${i}`, n.add(`${block}.add${i}`, y, around));
}

export const adabinResnet20: Architecture = {
  description: "AdaBin's ResNet-20 for CIFAR (arXiv 2208.08084)",
  input: [32, 32, 3],
  normalization: { mean: [0.485, 0.456, 0.406].map((v) => v * 255), std: [0.229, 0.224, 0.225].map((v) => v * 255) }, // prettier-ignore
  build(n, input) {
    const stem = n.conv('conv1', input, n.tensor('conv1.weight'), { padding: 1 });
    let x = maxout(n, 'nonlinear1', n.batchNorm('bn1', stem));
    for (const stage of [1, 2, 3])
      for (const i of [0, 1, 2]) {
        const block = `layer${stage}.${i}`;
        x = half(n, block, 2, half(n, block, 1, x, stage > 1 && i === 0 ? 2 : 1), 1);
      }
    return n.linear('linear', n.batchNorm('bn2', n.average(x)));
  },
};
