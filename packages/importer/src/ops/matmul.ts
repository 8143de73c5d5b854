import { shapeOf } from '@bitgrad/compiler/packing';
import { failure, unsupported } from '../fail.js';
import { sizeOf, type Sizes, type SourceNode } from '../graph.js';
import { defineSourceOp, isTensor, type SourceOp } from '../op.js';
import { arranged, asFloat, naturalAxes, plain, sourceOrder, unfolded, type Packed, type PackContext } from '../pack/packed.js'; // prettier-ignore
import { kernelOf, productOf } from '../pack/product.js';
import { computed } from './elementwise.js';

const both = (a: Packed, b: Packed, node: SourceNode, context: PackContext): Packed => {
  const [x, y] = [a, b].map((v) => asFloat(arranged(v, naturalAxes(v.shape), context), context)) as [
    Packed,
    Packed,
  ];
  const shape = [...x.shape.slice(0, -1), y.shape.at(-1)!];
  const buffer = context.builder.op({ op: 'matmul', name: node.name, inputs: [x.value.buffer, y.value.buffer], transposeB: false }); // prettier-ignore
  return plain(context, buffer, shape, naturalAxes(shape));
};

/** x [..., k] times w [k, n], and a bias; or two computed matrices with equal leading axes. */
export const matmul: SourceOp = defineSourceOp({
  summary: 'matrix product, with a bias',
  inputs: [2, 3],
  attributes: {},
  shape([x, w, bias], _, node) {
    const lead = w!.slice(0, -2);
    const fits = x!.length >= 2 && w!.length >= 2 && x!.at(-1) === w!.at(-2) && (!bias || sizeOf(bias) === w!.at(-1)); // prettier-ignore
    if (!fits || (lead.some((n) => n !== 1) && lead.join() !== x!.slice(0, -2).join()))
      throw failure('shape-mismatch', { what: `operands of node "${node.name}" (matmul)`, got: [x, w, bias], expected: '[..., k] and [k, n], and a bias [n]' }); // prettier-ignore
    return [...x!.slice(0, -1), w!.at(-1)!];
  },
  cost: ([x, w]) => sizeOf(x!) * w!.at(-1)!,
  evaluate([x, w, bias], _, output) {
    const [k, n] = w!.shape.slice(-2) as [number, number];
    const rows = x!.data.length / k;
    const matrices = w!.data.length / (k * n);
    const data = new Float64Array(rows * n);
    for (let r = 0; r < rows; r++) {
      const from = Math.floor((r * matrices) / rows) * k * n;
      for (let i = 0; i < k; i++) {
        const v = x!.data[r * k + i]!;
        if (v !== 0) for (let j = 0; j < n; j++) data[r * n + j]! += v * w!.data[from + i * n + j]!;
      }
      if (bias) for (let j = 0; j < n; j++) data[r * n + j]! += bias.data[j]!;
    }
    return { shape: output, data };
  },
  pack([first, w, bias], _, node, context) {
    const x = computed(first, node);
    if (w && !isTensor(w) && !bias) return both(x, w, node, context);
    if (!w || !isTensor(w) || (bias && !isTensor(bias)) || w.data.length !== sizeOf(w.shape.slice(-2)))
      return unsupported(node, 'has a computed kernel', 'Fold the constants of the model.');
    const [k, n] = w.shape.slice(-2) as [number, number];
    const last = x.shape.length - 1;
    const rows = x.axes.at(-1) === last ? x : arranged(x, naturalAxes(x.shape), context);
    // A flattened image keeps the order of the plan: the kernel's rows are put into it.
    const order = rows.from && sourceOrder(rows.from);
    const kernel = kernelOf(w.data, n, (i) => i % n);
    const layout = {
      shape: [n, k],
      channels: n,
      channelOf: (i: number) => Math.floor(i / k),
      order: (i: number) => (order ? order[i % k]! : i % k) * n + Math.floor(i / k),
    };
    const value = productOf(
      rows.value.reshape && rows.shape.length > 2 ? unfolded(rows, context) : rows,
      { op: 'dense', kernel, layout, ...(bias && { bias: [...bias.data] }) },
      node,
      context,
    );
    const shape: Sizes = [...x.shape.slice(0, -1), n];
    return { value, shape, axes: shapeOf(value).length === 1 ? [last] : rows.axes };
  },
});
