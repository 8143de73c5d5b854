// Matrix products with a transposed operand, where stock wasm is 10 to 50 times slower than without.
// A [m, k] times B^T: rows kernel on panels of the transpose. A^T times B: outer-product kernel, no transpose at all.
import { broadcast_util, util } from '@tensorflow/tfjs-core';
import type { KernelContext, KernelFamily } from '../installation.js';
import { trySignedOuter, trySignedRows } from './signed.js';
import { ROWS_BYTES, panelBytes } from './sizes.js';

interface MatMulAttributes {
  transposeA: boolean;
  transposeB: boolean;
}

/** One product: addresses, and m, k, n of the product [m, k] x [k, n]. */
interface Product {
  readonly a: number;
  readonly b: number;
  readonly out: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** A [m, k] stored by rows times panels. */
function rowProduct(
  { wasm }: KernelContext,
  { a, out, m, k, n }: Product,
  panels: number,
  table: number,
): void {
  wasm['convRows']!(a, panels, 0, out, table, 0, m, 1, m, n, 0, 0, k * 4, 0, 0, n * 4, 1, 1, 0, 0, k, 0);
}

function timesTransposed(context: KernelContext, product: Product): void {
  const { heap, wasm } = context;
  const { a, b, out, m, k, n } = product;
  const image = [1, 1, m, n] as const;
  if (trySignedRows(context, { image, filter: [1, 1], output: [1, m, k], padding: [0, 0] }, [a, b, out]))
    return context.count('BatchMatMul/signs');
  const [panels, table] = heap.scratch(panelBytes(product.k, product.n), ROWS_BYTES);
  wasm['packTransposedPanels']!(product.b, panels!, product.k, product.n);
  rowProduct(context, product, panels!, table!);
}

function transposedTimes(context: KernelContext, { a, b, out, m, k, n }: Product): void {
  const { heap, wasm } = context;
  const geometry = { image: [1, 1, k, m], filter: [1, 1], output: [1, k, n] } as const;
  const flat = { strides: [1, 1], borders: [0, 0, 0, 0] } as const;
  if (trySignedOuter(context, { ...geometry, ...flat }, [a, b, out]))
    return context.count('BatchMatMul/signs');
  const [scratch] = heap.scratch(wasm['outerScratch']!(k, n));
  wasm['outerSum']!(a, b, out, scratch!, 0, 1, 1, k, 0, 0, m * 4, 1, 0, m, n);
}

/** For each product of the batch, which matrix of an operand it takes. */
function broadcastIndices(outer: readonly number[], batch: readonly number[]): number[] {
  const strides = util.computeStrides([...outer, 1]);
  return Array.from({ length: util.sizeFromShape([...batch]) }, (_, index) => {
    let at = 0;
    for (let axis = batch.length - 1; axis >= 0; axis--) {
      const position = index % batch[axis]!;
      index = Math.floor(index / batch[axis]!);
      const own = axis - (batch.length - outer.length);
      if (own >= 0 && outer[own] !== 1) at += position * (strides[own] ?? 1);
    }
    return at;
  });
}

/** BatchMatMul with one transposed operand; without any, or with both, the stock kernel runs. */
export const matmul: KernelFamily = (context) => ({
  BatchMatMul({ inputs, attrs }) {
    const { heap } = context;
    const { a, b } = inputs;
    const { transposeA, transposeB } = attrs as unknown as MatMulAttributes;
    if (transposeA === transposeB || a!.dtype !== 'float32' || b!.dtype !== 'float32') return null;
    const [rowsA, colsA] = a!.shape.slice(-2) as [number, number];
    const [rowsB, colsB] = b!.shape.slice(-2) as [number, number];
    const [m, k] = transposeA ? [colsA, rowsA] : [rowsA, colsA];
    const n = transposeB ? rowsB : colsB;
    if (k !== (transposeB ? colsB : rowsB)) return null; // the stock kernel has the error message
    const outerA = a!.shape.slice(0, -2);
    const outerB = b!.shape.slice(0, -2);
    const batch = broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
    const out = heap.output([...batch, m, n]);
    const fromA = broadcastIndices(outerA, batch);
    const fromB = broadcastIndices(outerB, batch);
    fromA.forEach((indexA, i) => {
      const product = {
        ...{ m, k, n, out: heap.address(out) + i * m * n * 4 },
        a: heap.address(a!) + indexA * m * k * 4,
        b: heap.address(b!) + fromB[i]! * k * n * 4,
      };
      if (transposeA) transposedTimes(context, product);
      else timesTransposed(context, product);
    });
    return out;
  },
});
