// BitgradAttention and BitgradLayerNorm with their gradients; see assembly/training/attention.ts and layer-norm.ts.
import { util } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';
import { segments } from './segments.js';

/** n, t, heads and d of an attention, by its input [n, t, 3 * heads * d]. */
const sizesOf = (shape: readonly number[], heads: number): [n: number, t: number, d: number] => [
  shape[0]!,
  shape[1]!,
  shape[2]! / 3 / heads,
];

/** The kernels of transformers. */
export const transformer: KernelFamily = ({ heap, ask, run }) => ({
  BitgradAttention({ inputs, attrs }) {
    const { x } = inputs;
    const { heads } = attrs as unknown as { heads: number };
    const [n, t, d] = sizesOf(x!.shape, heads);
    const [y, a] = [heap.output([n, t, heads * d]), heap.output([n, heads, t, t])];
    const bytes = ask('attentionScratch', { t, d });
    const operands = heap.at({ x, y, a });
    run('BitgradAttention', 2 * n * heads * t * t * d, (job) => {
      const [scratch] = job.scratch(bytes * job.threads);
      const split = { over: 'i', count: n * heads, grain: 1, own: { scratch: bytes } } as const;
      job.split('attention', split, { ...operands, scratch, t, heads, d });
    });
    return [y, a];
  },
  BitgradAttentionGrad({ inputs, attrs }) {
    const { x, a, dy } = inputs;
    const { heads } = attrs as unknown as { heads: number };
    const [n, t, d] = sizesOf(x!.shape, heads);
    const dx = heap.output(x!.shape);
    const bytes = ask('attentionScratch', { t, d });
    const operands = heap.at({ x, a, dy, dx });
    run('BitgradAttentionGrad', 4 * n * heads * t * t * d, (job) => {
      const [scratch] = job.scratch(bytes * job.threads);
      const split = { over: 'i', count: n * heads, grain: 1, own: { scratch: bytes } } as const;
      job.split('attentionGrad', split, { ...operands, scratch, t, heads, d });
    });
    return dx;
  },
  BitgradLayerNorm({ inputs, attrs }) {
    const { x, gamma, beta } = inputs;
    const { epsilon } = attrs as unknown as { epsilon: number };
    const c = util.sizeFromShape(gamma!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const [y, mean, inverse] = [heap.output(x!.shape), heap.output([rows]), heap.output([rows])];
    const operands = { ...heap.at({ x, gamma, beta, y, mean, inverse }), c, epsilon };
    run('BitgradLayerNorm', rows * c, (job) =>
      job.split('layerNorm', { over: 'r', count: rows, grain: 1 }, operands),
    );
    return [y, mean, inverse];
  },
  BitgradLayerNormGrad({ inputs }) {
    const { x, dy, gamma, mean, inverseStd: inverse } = inputs;
    const c = util.sizeFromShape(gamma!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const [dx, dgamma, dbeta] = [heap.output(x!.shape), heap.output([c]), heap.output([c])];
    const all = segments(rows, ask('layerNormSegment', { rows }));
    const operands = heap.at({ x, dy, gamma, mean, inverse, dx });
    run('BitgradLayerNormGrad', rows * c, (job) => {
      const [sums, part] = job.scratch(all.count * 16 * c, 8 * c * job.threads);
      job.split('layerNormGrad', { ...all, own: { part: 8 * c } }, { ...operands, sums, part, rows, c });
      const added = { parts: all.count, stride: 2 * c, count: c };
      job.call('addSegments', { sums, out: heap.address(dgamma), ...added });
      job.call('addSegments', { sums: sums + 8 * c, out: heap.address(dbeta), ...added });
    });
    return [dx, dgamma, dbeta];
  },
});
