// Loss, PReLU gradient and optimizer steps: small kernels that replace ten to twenty tfjs ops each.
import type { AdamStepOptions } from '@bitgrad/core';
import { util } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';
import { segments } from './segments.js';

interface MomentumOptions {
  learningRate: number;
  momentum: number;
  nesterov: boolean;
}

/** BitgradSoftmaxCrossEntropy, BitgradPReluGrad, BitgradAdamStep and BitgradMomentumStep. */
export const steps: KernelFamily = ({ heap, call, run }) => ({
  BitgradSoftmaxCrossEntropy({ inputs }) {
    const { logits, labels } = inputs;
    const [n, k] = logits!.shape as [number, number];
    const [loss, dlogits] = [heap.output([n]), heap.output([n, k])];
    const operands = { ...heap.at({ logits, labels, loss, dlogits }), k };
    run('BitgradSoftmaxCrossEntropy', n * k, (job) =>
      job.split('softmaxCrossEntropy', { over: 'r', count: n, grain: 1 }, operands),
    );
    return [loss, dlogits];
  },
  BitgradPReluGrad({ inputs }) {
    const { x, alpha, dy } = inputs;
    const c = util.sizeFromShape(alpha!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const [dx, dalpha] = [heap.output(x!.shape), heap.output(alpha!.shape)];
    const all = segments(rows, call('preluSegment', { rows }));
    const operands = heap.at({ x, alpha, dy, dx });
    run('BitgradPReluGrad', rows * c, (job) => {
      const [sums] = job.scratch(all.count * c * 8);
      job.split('preluGrad', all, { ...operands, sums, rows, c });
      job.call('addSegments', { sums, out: heap.address(dalpha), parts: all.count, stride: c, count: c });
    });
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
    const count = util.sizeFromShape(value!.shape);
    const step = {
      ...heap.at({ value, g: gradient, m, v, value2, m2, v2 }),
      rate: learningRate / correction1,
      ...{ beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, scale2: 1 / correction2, epsilon },
    };
    run('BitgradAdamStep', count, (job) => job.split('adam', { over: 'i', count, grain: 64 }, step));
    return [value2, m2, v2];
  },
  BitgradMomentumStep({ inputs, attrs }) {
    const { value, gradient, velocity } = inputs;
    const { learningRate, momentum, nesterov } = attrs as unknown as MomentumOptions;
    const [value2, velocity2] = [heap.output(value!.shape), heap.output(value!.shape)];
    const count = util.sizeFromShape(value!.shape);
    const step = {
      ...heap.at({ value, g: gradient, velocity, value2, velocity2 }),
      ...{ rate: learningRate, factor: momentum, nesterov: Number(nesterov) },
    };
    run('BitgradMomentumStep', count, (job) => job.split('momentum', { over: 'i', count, grain: 64 }, step));
    return [value2, velocity2];
  },
});
