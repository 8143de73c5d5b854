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
export const steps: KernelFamily = ({ heap, wasm }) => ({
  BitgradSoftmaxCrossEntropy({ inputs }) {
    const { logits, labels } = inputs;
    const [n, k] = logits!.shape as [number, number];
    const [loss, dlogits] = [heap.output([n]), heap.output([n, k])];
    wasm['softmaxCrossEntropy']!(...[logits!, labels!, loss, dlogits].map(heap.address), n, k);
    return [loss, dlogits];
  },
  BitgradPReluGrad({ inputs }) {
    const { x, alpha, dy } = inputs;
    const c = util.sizeFromShape(alpha!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const [dx, dalpha] = [heap.output(x!.shape), heap.output(alpha!.shape)];
    const [sums] = heap.scratch(c * 8);
    wasm['preluGrad']!(...[x!, alpha!, dy!, dx].map(heap.address), sums!, 0, rows, c);
    wasm['toFloat']!(sums!, heap.address(dalpha), c);
    return [dx, dalpha];
  },
  BitgradAdamStep({ inputs, attrs }) {
    const { value, gradient, m, v } = inputs;
    const { learningRate, beta1, beta2, epsilon, correction1, correction2 } =
      attrs as unknown as AdamStepOptions;
    const outputs = [heap.output(value!.shape), heap.output(value!.shape), heap.output(value!.shape)];
    wasm['adam']!(
      ...[value!, gradient!, m!, v!, ...outputs].map(heap.address),
      ...[util.sizeFromShape(value!.shape), learningRate / correction1],
      ...[beta1, 1 - beta1, beta2, 1 - beta2, 1 / correction2, epsilon],
    );
    return outputs;
  },
  BitgradMomentumStep({ inputs, attrs }) {
    const { value, gradient, velocity } = inputs;
    const { learningRate, momentum, nesterov } = attrs as unknown as MomentumOptions;
    const outputs = [heap.output(value!.shape), heap.output(value!.shape)];
    wasm['momentum']!(
      ...[value!, gradient!, velocity!, ...outputs].map(heap.address),
      ...[util.sizeFromShape(value!.shape), learningRate, momentum, Number(nesterov)],
    );
    return outputs;
  },
});
