// BitgradAttention and BitgradLayerNorm with their gradients; see assembly/training/attention.ts and layer-norm.ts.
import { util } from '@tensorflow/tfjs-core';
import type { KernelFamily } from './family.js';

/** n, t, heads and d of an attention, by its input [n, t, 3 * heads * d]. */
const sizesOf = (shape: readonly number[], heads: number): [n: number, t: number, d: number] => [
  shape[0]!,
  shape[1]!,
  shape[2]! / 3 / heads,
];

/** The kernels of transformers. */
export const transformer: KernelFamily = ({ heap, wasm, job: newJob }) => ({
  BitgradAttention({ inputs, attrs }) {
    const { x } = inputs;
    const { heads } = attrs as unknown as { heads: number };
    const [n, t, d] = sizesOf(x!.shape, heads);
    const [y, a] = [heap.output([n, t, heads * d]), heap.output([n, heads, t, t])];
    const bytes = wasm['attentionScratch']!(t, d);
    const job = newJob('BitgradAttention', 2 * n * heads * t * t * d);
    const operands = [job.read(x!), job.write(y), job.write(a)];
    const [scratch] = job.scratch(bytes * job.threads);
    job.split('attention', n * heads, 1, (from, to, thread) => [
      ...operands,
      scratch! + thread * bytes,
      ...[from, to, t, heads, d],
    ]);
    job.done();
    return [y, a];
  },
  BitgradAttentionGrad({ inputs, attrs }) {
    const { x, a, dy } = inputs;
    const { heads } = attrs as unknown as { heads: number };
    const [n, t, d] = sizesOf(x!.shape, heads);
    const dx = heap.output(x!.shape);
    const bytes = wasm['attentionScratch']!(t, d);
    const job = newJob('BitgradAttentionGrad', 4 * n * heads * t * t * d);
    const operands = [job.read(x!), job.read(a!), job.read(dy!), job.write(dx)];
    const [scratch] = job.scratch(bytes * job.threads);
    job.split('attentionGrad', n * heads, 1, (from, to, thread) => [
      ...operands,
      scratch! + thread * bytes,
      ...[from, to, t, heads, d],
    ]);
    job.done();
    return dx;
  },
  BitgradLayerNorm({ inputs, attrs }) {
    const { x, gamma, beta } = inputs;
    const { epsilon } = attrs as unknown as { epsilon: number };
    const c = util.sizeFromShape(gamma!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const outputs = [heap.output(x!.shape), heap.output([rows]), heap.output([rows])];
    wasm['layerNorm']!(...[x!, gamma!, beta!, ...outputs].map(heap.address), 0, rows, c, epsilon);
    return outputs;
  },
  BitgradLayerNormGrad({ inputs }) {
    const { x, dy, gamma, mean, inverseStd } = inputs;
    const c = util.sizeFromShape(gamma!.shape);
    const rows = util.sizeFromShape(x!.shape) / c;
    const [dx, dgamma, dbeta] = [heap.output(x!.shape), heap.output([c]), heap.output([c])];
    const [sums, part] = heap.scratch(16 * c, 8 * c);
    const operands = [x!, dy!, gamma!, mean!, inverseStd!, dx].map(heap.address);
    wasm['layerNormGrad']!(...operands, sums!, part!, rows, c);
    wasm['toFloat']!(sums!, heap.address(dgamma), c);
    wasm['toFloat']!(sums! + 8 * c, heap.address(dbeta), c);
    return [dx, dgamma, dbeta];
  },
});
