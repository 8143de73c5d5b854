// Loss, PReLU gradient and optimizer steps: small kernels that replace ten to twenty tfjs ops each.
import type { AdamStepOptions } from '@bitgrad/core';
import { util } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';

interface MomentumOptions {
  learningRate: number;
  momentum: number;
  nesterov: boolean;
}

/** BitgradSoftmaxCrossEntropy, BitgradPReluGrad, BitgradAdamStep and BitgradMomentumStep. */
export const steps: KernelFamily = ({ heap, call }) => ({
  BitgradSoftmaxCrossEntropy({ inputs }) {
    const { logits, labels } = inputs;
    const [n, k] = logits!.shape as [number, number];
    const [loss, dlogits] = [heap.output([n]), heap.output([n, k])];
    call('softmaxCrossEntropy', { ...heap.at({ logits, labels, loss, dlogits }), rows: n, k });
    return [loss, dlogits];
  },
  BitgradPReluGrad({ inputs }) {
    const { x, alpha, dy } = inputs;
    const c = util.sizeFromShape(alpha!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const [dx, dalpha] = [heap.output(x!.shape), heap.output(alpha!.shape)];
    const [sums] = heap.scratch(c * 8);
    call('preluGrad', { ...heap.at({ x, alpha, dy, dx }), sums, r0: 0, r1: rows, c });
    call('toFloat', { sums, out: heap.address(dalpha), count: c });
    return [dx, dalpha];
  },
  BitgradAdamStep({ inputs, attrs }) {
    const { value, gradient, m, v } = inputs;
    const { learningRate, beta1, beta2, epsilon, correction1, correction2 } =
      attrs as unknown as AdamStepOptions;
    const [value2, m2, v2] = [
      heap.output(value!.shape),
      heap.output(value!.shape),
      heap.output(value!.shape),
    ];
    call('adam', {
      ...heap.at({ value, g: gradient, m, v, value2, m2, v2 }),
      count: util.sizeFromShape(value!.shape),
      rate: learningRate / correction1,
      ...{ beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, scale2: 1 / correction2, epsilon },
    });
    return [value2, m2, v2];
  },
  BitgradMomentumStep({ inputs, attrs }) {
    const { value, gradient, velocity } = inputs;
    const { learningRate, momentum, nesterov } = attrs as unknown as MomentumOptions;
    const [value2, velocity2] = [heap.output(value!.shape), heap.output(value!.shape)];
    call('momentum', {
      ...heap.at({ value, g: gradient, velocity, value2, velocity2 }),
      count: util.sizeFromShape(value!.shape),
      ...{ rate: learningRate, factor: momentum, nesterov: Number(nesterov) },
    });
    return [value2, velocity2];
  },
});
