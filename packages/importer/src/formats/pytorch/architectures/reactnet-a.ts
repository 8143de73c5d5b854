// ReActNet-A (arXiv 2003.03488): binary MobileNet with learned thresholds and shifted PReLU.
import { tensorOf } from '../../../graph.js';
import { binarized, type Architecture, type Network } from '../network.js';
import { magnitudeAware } from './birealnet18.js';

/** x plus a bias for each channel. */
const moved = (n: Network, name: string, x: string): string => {
  const { data } = n.tensor(`${name}.bias`);
  return n.emit(name, 'add', [x, n.constant(name, tensorOf([data.length], data))]);
};

/** Bias, PReLU and bias. */
const rprelu = (n: Network, name: string, first: string, prelu: string, last: string, x: string): string => {
  const slope = n.constant(`${name}.${prelu}`, n.tensor(`${name}.${prelu}.weight`));
  return moved(n, `${name}.${last}`, n.emit(`${name}.${prelu}`, 'prelu', [moved(n, `${name}.${first}`, x), slope])); // prettier-ignore
};

const product = (n: Network, name: string, norm: string, signs: string, stride: number, padding: number) =>
  n.batchNorm(norm, n.conv(name, signs, magnitudeAware(n.tensor(`${name}.weight`)), { stride, padding }));

function block(n: Network, name: string, x: string, stride: number): string {
  const spatial = `${name}.binary_3x3`;
  const first = binarized(n, spatial, moved(n, `${name}.move11`, x));
  const around = stride === 2 ? n.pool(`${name}.pooling`, 'avgPool', x, 2, 2) : x;
  const wide = n.add(`${name}.add1`, around, product(n, spatial, `${name}.bn1`, first, stride, 1));
  const y = rprelu(n, name, 'move12', 'prelu1', 'move13', wide);
  const signs = binarized(n, `${name}.binary_pw`, moved(n, `${name}.move21`, y));
  const doubled = n.has(`${name}.binary_pw_down1.weight`);
  const parts = (doubled ? ['_down1', '_down2'] : ['']).map((part, i) => {
    const norm = doubled ? `${name}.bn2_${i + 1}` : `${name}.bn2`;
    return n.add(`${name}.add2`, product(n, `${name}.binary_pw${part}`, norm, signs, 1, 0), y);
  });
  const joined = doubled ? n.emit(`${name}.cat`, 'concat', parts, { axis: 3 }) : parts[0]!;
  return rprelu(n, name, 'move22', 'prelu2', 'move23', joined);
}

/** Strides of the blocks. */
const strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];

export const reactnetA: Architecture = {
  description: 'ReActNet-A for ImageNet (arXiv 2003.03488)',
  input: [224, 224, 3],
  normalization: { mean: [0.485, 0.456, 0.406].map((v) => v * 255), std: [0.229, 0.224, 0.225].map((v) => v * 255) }, // prettier-ignore
  build(n, input) {
    const stem = n.conv('feature.0.conv1', input, n.tensor('feature.0.conv1.weight'), {
      stride: 2,
      padding: 1,
    });
    let x = n.batchNorm('feature.0.bn1', stem);
    strides.forEach((stride, i) => (x = block(n, `feature.${i + 1}`, x, stride)));
    return n.linear('fc', n.average(x));
  },
};
