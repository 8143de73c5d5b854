// BitgradBatchNormTrain and its gradient; see assembly/training/batch-norm.ts.
import { util } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';

/** Batch normalization of a training step, over all axes but the last. */
export const batchNorm: KernelFamily = ({ heap, call }) => ({
  BitgradBatchNormTrain({ inputs, attrs }) {
    const { x, gamma, beta } = inputs;
    const { epsilon } = attrs as unknown as { epsilon: number };
    const c = util.sizeFromShape(gamma!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const y = heap.output(x!.shape);
    const [mean, variance, inverse] = [heap.output([c]), heap.output([c]), heap.output([c])];
    const [sums, chunk, lost] = heap.scratch(call('batchNormScratch', { c }) * 8, c * 4, c * 4);
    const all = { r0: 0, r1: rows, c };
    call('batchNormMoments', { ...heap.at({ x }), sums, chunk, ...all });
    const statistics = heap.at({ mean, variance, inverse });
    call('batchNormStatistics', { sums, ...statistics, lost, rows, c, epsilon });
    call('batchNormApply', { ...heap.at({ x, y, gamma, beta, mean, inverse }), lost, ...all });
    return [y, mean, variance, inverse];
  },
  BitgradBatchNormTrainGrad({ inputs }) {
    const { x, dy, gamma, mean, inverseStd: inverse } = inputs;
    const c = util.sizeFromShape(gamma!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const [dx, dgamma, dbeta] = [heap.output(x!.shape), heap.output([c]), heap.output([c])];
    const [sums, lost] = heap.scratch(call('batchNormScratch', { c }) * 8, c * 4);
    const all = { r0: 0, r1: rows, c };
    call('batchNormGradSums', { ...heap.at({ x, dy, mean }), sums, ...all });
    const parameters = heap.at({ inverse, dgamma, dbeta });
    call('batchNormGradParameters', { sums, ...parameters, lost, rows, c });
    call('batchNormGradApply', { ...heap.at({ x, dy, dx, gamma, mean }), ...parameters, lost, rows, ...all });
    return [dx, dgamma, dbeta];
  },
});
