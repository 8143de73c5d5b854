// BitgradBatchNormTrain and its gradient; see assembly/training/batch-norm.ts.
import { util } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';
import { segments } from './segments.js';

/** Batch normalization of a training step, over all axes but the last. */
export const batchNorm: KernelFamily = ({ heap, ask, run }) => ({
  BitgradBatchNormTrain({ inputs, attrs }) {
    const { x, gamma, beta } = inputs;
    const { epsilon } = attrs as unknown as { epsilon: number };
    const c = util.sizeFromShape(gamma!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const y = heap.output(x!.shape);
    const [mean, variance, inverse] = [heap.output([c]), heap.output([c]), heap.output([c])];
    const all = segments(rows, ask('batchNormSegment', { rows, c }));
    const at = heap.at({ x, y, gamma, beta, mean, variance, inverse });
    run('BitgradBatchNormTrain', rows * c, (job) => {
      const [sums, chunk, lost] = job.scratch(all.count * c * 16, c * 4 * job.threads, c * 4);
      const own = { chunk: c * 4 };
      job.split('batchNormMoments', { ...all, own }, { x: at.x, sums, chunk, rows, c });
      const statistics = { mean: at.mean, variance: at.variance, inverse: at.inverse };
      job.call('batchNormStatistics', { sums, ...statistics, lost, rows, c, epsilon });
      const { variance: _, ...operands } = at;
      job.split('batchNormApply', { over: 'r', count: rows, grain: 8 }, { ...operands, lost, c });
    });
    return [y, mean, variance, inverse];
  },
  BitgradBatchNormTrainGrad({ inputs }) {
    const { x, dy, gamma, mean, inverseStd: inverse } = inputs;
    const c = util.sizeFromShape(gamma!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const [dx, dgamma, dbeta] = [heap.output(x!.shape), heap.output([c]), heap.output([c])];
    const all = segments(rows, ask('batchNormSegment', { rows, c }));
    const tensors = heap.at({ x, dy, dx, gamma, mean });
    const parameters = heap.at({ inverse, dgamma, dbeta });
    run('BitgradBatchNormTrainGrad', rows * c, (job) => {
      const [sums, lost] = job.scratch(all.count * c * 24, c * 4);
      job.split('batchNormGradSums', all, { ...heap.at({ x, dy, mean }), sums, rows, c });
      job.call('batchNormGradParameters', { sums, ...parameters, lost, rows, c });
      const apply = { ...tensors, ...parameters, lost, rows, c };
      job.split('batchNormGradApply', { over: 'r', count: rows, grain: 8 }, apply);
    });
    return [dx, dgamma, dbeta];
  },
});
