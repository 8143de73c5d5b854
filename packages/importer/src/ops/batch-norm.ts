import { option } from '@bitgrad/bits';
import { failure } from '../fail.js';
import { sizeOf } from '../graph.js';
import { defineSourceOp, type SourceOp } from '../op.js';
import { withFunction } from '../pack/elementwise.js';
import { affine, computed, constantsOf } from './elementwise.js';

const normalize = (
  x: number,
  gamma: number,
  beta: number,
  mean: number,
  variance: number,
  epsilon: number,
): number => ((x - mean) / Math.sqrt(variance + epsilon)) * gamma + beta;

/** Batch normalization in inference: inputs x, gamma, beta, mean, variance, a value for each index of an axis. */
export const batchNorm: SourceOp = defineSourceOp<{ epsilon: number; axis: number }>({
  summary: '(x - mean) / sqrt(variance + epsilon) * gamma + beta',
  inputs: [5, 5],
  attributes: { epsilon: option.required(option.number(0)), axis: option.required(option.integer(1, 4)) },
  shape([x, ...parameters], { axis }, node) {
    for (const p of parameters)
      if (sizeOf(p) !== x![axis] && sizeOf(p) !== 1)
        throw failure('shape-mismatch', { what: `parameters of node "${node.name}" (batchNorm)`, got: p, expected: `[${x![axis]}], a value for each channel` }); // prettier-ignore
    return x!;
  },
  cost: ([x]) => 4 * sizeOf(x!),
  evaluate([x, ...parameters], { epsilon, axis }, shape) {
    const inner = sizeOf(shape.slice(axis + 1));
    const data = x!.data.map((v, i) => {
      const c = Math.floor(i / inner) % shape[axis]!;
      const [g, b, m, s] = parameters.map((p) => p.data[p.data.length === 1 ? 0 : c]!) as [number, number, number, number]; // prettier-ignore
      return normalize(v, g, b, m, s, epsilon);
    });
    return { shape, data };
  },
  pack([first, ...rest], { epsilon, axis }, node, context) {
    const x = computed(first, node);
    const shape = x.shape.map((size, i) => (i === axis ? size : 1));
    const rows = rest.map((t) => ('data' in t && t.data.length > 1 ? { ...t, shape } : t));
    return withFunction(
      x,
      node.name,
      {
        f: (v, g, b, m, s) => normalize(v, g!, b!, m!, s!, epsilon),
        constants: constantsOf(rows, x, node),
        lowered([g, b, m, s]) {
          const scale = g!.map((gamma, i) => gamma / Math.sqrt(s![i]! + epsilon));
          return [affine(scale, scale.map((k, i) => b![i]! - m![i]! * k))]; // prettier-ignore
        },
      },
      context,
    );
  },
});
