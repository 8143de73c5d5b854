import { option } from '@bitgrad/bits';
import { unsupported } from '../fail.js';
import { sizeOf } from '../graph.js';
import { defineSourceOp, isTensor, type SourceOp } from '../op.js';
import { arranged, asFloat, naturalAxes, plain } from '../pack/packed.js';
import { computed } from './elementwise.js';

/** Layer normalization of each row along the last axis: inputs x, gamma, beta. */
export const layerNorm: SourceOp = defineSourceOp<{ epsilon: number }>({
  summary: '(x - mean of the row) / sqrt(variance of the row + epsilon) * gamma + beta',
  inputs: [3, 3],
  attributes: { epsilon: option.required(option.positive) },
  shape([x, ...parameters], _, node) {
    if (parameters.some((p) => sizeOf(p) !== x!.at(-1))) unsupported(node, 'normalizes other than rows along the last axis', 'Give it one gamma and one beta for each channel.'); // prettier-ignore
    return x!;
  },
  cost: ([x]) => 8 * sizeOf(x!),
  evaluate([x, gamma, beta], { epsilon }, shape) {
    const c = shape.at(-1)!;
    const data = new Float64Array(x!.data.length);
    for (let from = 0; from < data.length; from += c) {
      const row = x!.data.subarray(from, from + c);
      const mean = row.reduce((a, b) => a + b, 0) / c;
      const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / c;
      row.forEach((v, i) => (data[from + i] = ((v - mean) / Math.sqrt(variance + epsilon)) * gamma!.data[i]! + beta!.data[i]!)); // prettier-ignore
    }
    return { shape, data };
  },
  pack([first, ...parameters], { epsilon }, node, context) {
    const given = computed(first, node);
    const x = asFloat(arranged(given, naturalAxes(given.shape), context), context);
    const { builder } = context;
    const weights = parameters.map((p) =>
      isTensor(p)
        ? builder.weight('f32', [p.data.length], Float32Array.from(p.data))
        : unsupported(node, 'has computed parameters', 'Fold the constants of the model.'),
    ) as [number, number];
    const buffer = builder.op({
      op: 'layerNorm',
      name: node.name,
      inputs: [x.value.buffer],
      weights,
      epsilon,
    });
    return plain(context, buffer, x.shape, x.axes);
  },
});
