// Matrix products with a transposed operand, where stock wasm is 10 to 50 times slower than without.
// A [m, k] times B^T: rows kernel on panels of the transpose. A^T times B: outer-product kernel, no transpose at all.
// Batches of plain products, which stock wasm computes one number at a time, take the rows kernel too.
import { broadcast_util, util } from '@tensorflow/tfjs-core';
import type { KernelContext, KernelFamily } from './family.js';
import type { Job } from '../job.js';
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

/** A [m, k] times panels of a [k, n] matrix. */
function timesPanels(job: Job, { a, b, out, m, k, n }: Product, transposed: boolean): void {
  const [panels, scratch] = job.scratch(panelBytes(k, n), ROWS_BYTES * job.threads);
  if (transposed) job.call('packTransposedPanels', { b, out: panels, k, n });
  else job.call('packPanels', { b, out: panels, k, n, stride: n * 4 });
  job.split(
    'convRows',
    { over: 'p', count: m, grain: 5, own: { scratch: ROWS_BYTES } },
    {
      ...{ x: a, w: panels, bias: 0, out, scratch, oh: 1, ow: m, o: n },
      ...{ xN: 0, xH: 0, xW: k * 4, outN: 0, outH: 0, outW: n * 4 },
      ...{ runsH: 1, runsW: 1, runH: 0, runW: 0, length: k, gather: false },
    },
  );
}

function timesTransposed({ count, fused }: KernelContext, job: Job, product: Product): void {
  const { a, b, out, m, k, n } = product;
  const geometry = { image: [1, 1, m, n], filter: [1, 1], output: [1, m, k], padding: [0, 0] } as const;
  if (fused && trySignedRows(job, geometry, { dy: a, filter: b, out })) return count('BatchMatMul/signs');
  timesPanels(job, product, true);
}

function transposedTimes({ count, fused }: KernelContext, job: Job, { a, b, out, m, k, n }: Product): void {
  const geometry = { image: [1, 1, k, m], filter: [1, 1], output: [1, k, n] } as const;
  const flat = { strides: [1, 1], borders: [0, 0, 0, 0] } as const;
  const operands = { x: a, dy: b, out };
  if (fused && trySignedOuter(job, { ...geometry, ...flat }, operands)) return count('BatchMatMul/signs');
  const part = job.ask('outerScratch', { ow: k, o: n });
  const [scratch] = job.scratch(part * job.threads);
  job.split(
    'outerSum',
    { over: 'm', count: m, grain: 4, own: { scratch: part } },
    {
      ...{ ...operands, scratch, n0: 0, n1: 1, oh: 1, ow: k, m, o: n },
      ...{ xN: 0, xH: 0, xW: m * 4, runs: 1, runStride: 0 },
    },
  );
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

/** BatchMatMul with one transposed operand, or a batch without any; for one plain product the stock kernel runs. */
export const matmul: KernelFamily = (context) => ({
  BatchMatMul({ inputs, attrs }) {
    const { heap } = context;
    const { a, b } = inputs;
    const { transposeA, transposeB } = attrs as unknown as MatMulAttributes;
    if ((transposeA && transposeB) || a!.dtype !== 'float32' || b!.dtype !== 'float32') return null;
    const plain = !transposeA && !transposeB;
    if (plain && a!.shape.length + b!.shape.length === 4) return null;
    const [rowsA, colsA] = a!.shape.slice(-2) as [number, number];
    const [rowsB, colsB] = b!.shape.slice(-2) as [number, number];
    const [m, k] = transposeA ? [colsA, rowsA] : [rowsA, colsA];
    const n = transposeB ? rowsB : colsB;
    if (k !== (transposeB ? colsB : rowsB)) return null; // the stock kernel has the error message
    const outerA = a!.shape.slice(0, -2);
    const outerB = b!.shape.slice(0, -2);
    const batch = broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
    if (plain && util.sizeFromShape(batch) === 1) return null;
    const out = heap.output([...batch, m, n]);
    const fromA = broadcastIndices(outerA, batch);
    const fromB = broadcastIndices(outerB, batch);
    const at = heap.at({ a, b, out });
    context.run('BatchMatMul', m * k * n * fromA.length, (job) =>
      fromA.forEach((indexA, i) => {
        const product: Product = {
          ...{ m, k, n, a: at.a + indexA * m * k * 4, b: at.b + fromB[i]! * k * n * 4 },
          out: at.out + i * m * n * 4,
        };
        if (plain) timesPanels(job, product, false);
        else if (transposeA) transposedTimes(context, job, product);
        else timesTransposed(context, job, product);
      }),
    );
    return out;
  },
});
