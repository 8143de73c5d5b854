// BitgradBatchNormTrain and its gradient; see assembly/training/batch-norm.ts.
import { util } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';

/** Batch normalization of a training step, over all axes but the last. */
export const batchNorm: KernelFamily = ({ heap, wasm }) => ({
  BitgradBatchNormTrain({ inputs, attrs }) {
    const { x, gamma, beta } = inputs;
    const { epsilon } = attrs as unknown as { epsilon: number };
    const c = util.sizeFromShape(gamma!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const y = heap.output(x!.shape);
    const [mean, variance, inverse] = [heap.output([c]), heap.output([c]), heap.output([c])];
    const [sums, chunk, lost] = heap.scratch(wasm['batchNormScratch']!(c) * 8, c * 4, c * 4);
    const { address } = heap;
    wasm['batchNormMoments']!(address(x!), sums!, chunk!, 0, rows, c);
    wasm['batchNormStatistics']!(
      sums!,
      address(mean),
      lost!,
      address(variance),
      address(inverse),
      rows,
      c,
      epsilon,
    );
    const operands = [...[x!, y, gamma!, beta!, mean].map(address), lost!, address(inverse)];
    wasm['batchNormApply']!(...operands, 0, rows, c);
    return [y, mean, variance, inverse];
  },
  BitgradBatchNormTrainGrad({ inputs }) {
    const { x, dy, gamma, mean, inverseStd } = inputs;
    const c = util.sizeFromShape(gamma!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const [dx, dgamma, dbeta] = [heap.output(x!.shape), heap.output([c]), heap.output([c])];
    const [sums, lost] = heap.scratch(wasm['batchNormScratch']!(c) * 8, c * 4);
    const { address } = heap;
    wasm['batchNormGradSums']!(...[x!, dy!, mean!].map(address), sums!, 0, rows, c);
    wasm['batchNormGradParameters']!(sums!, ...[inverseStd!, dgamma, dbeta].map(address), lost!, rows, c);
    const operands = [x!, dy!, dx, gamma!, mean!].map(address);
    wasm['batchNormGradApply']!(
      ...operands,
      lost!,
      ...[inverseStd!, dgamma, dbeta].map(address),
      rows,
      0,
      rows,
      c,
    );
    return [dx, dgamma, dbeta];
  },
});
