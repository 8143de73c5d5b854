// Bi-Real Net 18 (arXiv 1808.00278): signs of the activations, kernels of signs times their mean size.
import { check } from '../../../fail.js';
import { tensorOf, type Tensor } from '../../../graph.js';
import { binarized, mapRows, meanOf, signsOf, type Architecture, type Network } from '../network.js';

/** A binary kernel: signs times the mean absolute weight of the filter. */
export const magnitudeAware = (w: Tensor): Tensor =>
  mapRows(w, (row) => {
    const scale = meanOf(row.map(Math.abs));
    return signsOf(row).map((v) => v * scale);
  });

/** The kernel of a binary convolution, which older code of the authors keeps as one column. */
function kernelOf(n: Network, name: string, inputs: number): Tensor {
  if (n.has(`${name}.weight`)) return n.tensor(`${name}.weight`);
  const { data } = n.tensor(`${name}.weights`);
  check(data.length % (9 * inputs) === 0, `numbers of ${name}.weights`, data.length, `a multiple of ${9 * inputs}`); // prettier-ignore
  return tensorOf([data.length / (9 * inputs), inputs, 3, 3], data);
}

function block(n: Network, name: string, x: string, stride: number): string {
  const conv = `${name}.binary_conv`;
  const kernel = magnitudeAware(kernelOf(n, conv, n.shape(x).at(-1)!));
  const product = n.conv(conv, binarized(n, conv, x), kernel, { stride, padding: 1 });
  const y = n.batchNorm(`${name}.bn1`, product);
  const down = `${name}.downsample`;
  if (!n.has(`${down}.1.weight`)) return n.add(`${name}.add`, y, x);
  const halved = n.pool(`${down}.0`, 'avgPool', x, 2, 2);
  const around = n.conv(`${down}.1`, halved, n.tensor(`${down}.1.weight`));
  return n.add(`${name}.add`, y, n.batchNorm(`${down}.2`, around));
}

export const birealnet18: Architecture = {
  description: 'Bi-Real Net 18 for ImageNet (arXiv 1808.00278)',
  input: [224, 224, 3],
  normalization: { mean: [0.485, 0.456, 0.406].map((v) => v * 255), std: [0.229, 0.224, 0.225].map((v) => v * 255) }, // prettier-ignore
  build(n, input) {
    const stem = n.conv('conv1', input, n.tensor('conv1.weight'), { stride: 2, padding: 3 });
    let x = n.pool('maxpool', 'maxPool', n.batchNorm('bn1', stem), 3, 2, 1);
    for (const stage of [1, 2, 3, 4])
      for (const i of [0, 1, 2, 3]) x = block(n, `layer${stage}.${i}`, x, stage > 1 && i === 0 ? 2 : 1);
    return n.linear('fc', n.average(x));
  },
};
