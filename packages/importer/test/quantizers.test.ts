// Quantizers and what they are packed as: sums of integers, whatever the coding, padding and number of levels.
import { describe, expect, it } from 'vitest';
import { unpackRows } from '@bitgrad/bits';
import { importModel, interpret, readModel } from '../src/index.js';
import type { NodeDraft, TensorDraft } from '../src/formats/onnx/write.js';
import { file, floats, interpreted, rng, run, signs, sizeOf, tensor } from './support.js';

const qonnx = 'qonnx.custom_op.general';
const quant = (bits: number, more: Readonly<Record<string, number | string>> = {}): [NodeDraft, TensorDraft[]] => [
  { op: 'Quant', domain: qonnx, inputs: ['x', 'qs', 'qz', 'qb'], output: 'q', attributes: { signed: 1, narrow: 0, rounding_mode: 'ROUND', ...more } },
  [tensor('qs', [], [0.25]), tensor('qz', [], [0]), tensor('qb', [], [bits])],
]; // prettier-ignore

describe('Quant', () => {
  it.each([
    [{ bits: 2, signed: 1, narrow: 0 }, [-0.5, -0.25, 0, 0.25]],
    [{ bits: 2, signed: 1, narrow: 1 }, [-0.25, 0, 0.25]],
    [{ bits: 2, signed: 0, narrow: 0 }, [0, 0.25, 0.5, 0.75]],
    [{ bits: 1, signed: 0, narrow: 0 }, [0, 0.25]],
  ])('%o has its levels', async ({ bits, ...more }, levels) => {
    const [node, tensors] = quant(bits, more);
    const x = Float32Array.from({ length: 400 }, (_, i) => (i - 200) / 100);
    const got = await interpreted(file([400], [node], tensors), x);
    expect([...new Set(got)].sort((a, b) => a - b).map((v) => v + 0)).toEqual(levels);
  });

  it.each([
    ['ROUND', [0, 0.5, 0.5, 0, -0.5]],
    ['FLOOR', [0, 0.25, 0.5, -0.25, -0.5]],
    ['CEIL', [0.25, 0.5, 0.75, 0, -0.25]],
    ['ROUND_TO_ZERO', [0, 0.25, 0.5, 0, -0.25]],
  ])('rounds by %s', async (rounding_mode, want) => {
    const [node, tensors] = quant(4, { rounding_mode });
    // Halves, where the rules differ.
    const x = Float32Array.of(0.125, 0.375, 0.625, -0.125, -0.375);
    expect(Array.from(await interpreted(file([5], [node], tensors), x), (v) => v + 0)).toEqual(want);
  });

  // Levels with 0 at an end, in the middle and beside it: padded taps of each have another integer value.
  it.each([
    [1, { signed: 0 }, 1],
    [2, { signed: 1, narrow: 1 }, 2],
    [2, { signed: 1 }, 3],
    [2, { signed: 0 }, 3],
    [3, { signed: 1 }, 7],
    [4, { signed: 0 }, 15],
  ])(
    'of %i bits %o and binary weights: exact integer sums of %i planes, padded',
    async (bits, more, planes) => {
      const [node, tensors] = quant(bits, more);
      const conv: NodeDraft = {
        op: 'Conv',
        inputs: ['q', 'w'],
        output: 'y',
        attributes: { pads: [1, 1, 1, 1] },
      };
      const bytes = file([3, 5, 4], [node, conv], [...tensors, tensor('w', [4, 3, 3, 3], signs(108, 5))]);
      const { model, fallbacks, graph } = await importModel([{ name: 'a.onnx', bytes }], {
        randomSamples: 4,
      });
      expect(fallbacks).toEqual([]);
      const products = model.plan.ops.filter(({ op }) => op === 'conv');
      expect(products).toHaveLength(planes);
      for (const { output, inputs } of products) {
        expect(model.plan.buffers[inputs[0]!]!.type).toBe('bits');
        expect(model.plan.buffers[output]!.type).toBe('i32');
      }
      // Multiples of the step: float64 and the packed integers agree to the last bit.
      const x = floats(60, bits, 2);
      const nhwc = Float32Array.from({ length: 60 }, (_, i) => x[(i % 3) * 20 + Math.floor(i / 3)]!);
      const want = interpret(graph, x).data;
      expect(Array.from(await run(model, nhwc), (v) => v + 0)).toEqual(Array.from(want, (v) => v + 0));
    },
  );

  it('of 5 bits runs in float32, and says so', async () => {
    const [node, tensors] = quant(5);
    const bytes = file([8], [node, { op: 'MatMul', inputs: ['q', 'w'], output: 'y' }], [...tensors, tensor('w', [8, 4], signs(32, 5))]);
    const { fallbacks, model } = await importModel([{ name: 'a.onnx', bytes }]);
    expect(fallbacks).toEqual([{ node: 'y', reason: expect.stringContaining('32 levels') }]);
    expect(model.plan.ops.map(({ op }) => op)).toContain('quantize');
  }); // prettier-ignore

  it('of weights folds into integers with a scale for each output', async () => {
    const w = Float32Array.from({ length: 32 }, (_, i) => [-0.5, 0.5, 0.7, -0.7][(i >> 1) % 2 === 0 ? i % 2 : 2 + (i % 2)]!); // prettier-ignore
    const sign: NodeDraft = { op: 'BipolarQuant', domain: qonnx, inputs: ['x', 'one'], output: 's' };
    const bytes = file([8], [sign, { op: 'MatMul', inputs: ['s', 'w'], output: 'y' }], [tensor('one', [], [1]), tensor('w', [8, 4], w)]); // prettier-ignore
    const { model } = await importModel([{ name: 'a.onnx', bytes }]);
    const at = model.plan.weights.findIndex(({ type, shape }) => type === 'bits' && shape.length === 2);
    const stored = unpackRows(model.weights[at] as Uint32Array, 4, 8);
    for (let o = 0; o < 4; o++)
      for (let k = 0; k < 8; k++) expect(stored[o * 8 + k]).toBe(Math.sign(w[k * 4 + o]!));
  });
});

describe('MultiThreshold', () => {
  it('counts the thresholds of its channel, for 1 to 4 bits', async () => {
    const random = rng(4);
    for (const n of [1, 2, 3, 7, 15]) {
      const t = Float32Array.from({ length: 6 * n }, () => random.integer(21) - 10);
      const sorted = Array.from({ length: 6 }, (_, c) =>
        [...t.subarray(c * n, (c + 1) * n)].sort((a, b) => a - b),
      ).flat();
      const nodes: NodeDraft[] = [
        { op: 'BipolarQuant', domain: qonnx, inputs: ['x', 'one'], output: 's' },
        { op: 'MatMul', inputs: ['s', 'w'], output: 'm' },
        { op: 'MultiThreshold', domain: qonnx, inputs: ['m', 't'], output: 'k', attributes: { out_scale: { float: 0.5 }, out_bias: { float: -1 } } },
        { op: 'MatMul', inputs: ['k', 'v'], output: 'y' },
      ]; // prettier-ignore
      const tensors = [tensor('one', [], [1]), tensor('w', [12, 6], signs(72, 3)), tensor('t', [6, n], sorted), tensor('v', [6, 3], signs(18, 4))]; // prettier-ignore
      const { graph, fallbacks, model } = await importModel([
        { name: 'a.onnx', bytes: file([12], nodes, tensors) },
      ]);
      expect(fallbacks).toEqual([]);
      const x = floats(12, n);
      const sums = Array.from({ length: 6 }, (_, c) => x.reduce((s, v, i) => s + (v >= 0 ? 1 : -1) * (tensors[1]!.data[i * 6 + c] as number), 0)); // prettier-ignore
      const counts = sums.map(
        (s, c) => 0.5 * sorted.slice(c * n, (c + 1) * n).filter((at) => s >= at).length - 1,
      );
      const want = [0, 1, 2].map((o) => counts.reduce((s, v, c) => s + v * (tensors[3]!.data[c * 3 + o] as number), 0)); // prettier-ignore
      expect(Array.from(interpret(graph, x).data)).toEqual(want);
      expect(Array.from(await run(model, x))).toEqual(want);
    }
  });
});

describe('a network of signs', () => {
  it('of bytes, NCHW, with pools, flattening and thresholds of both directions, is exact', async () => {
    const nodes: NodeDraft[] = [
      { op: 'Conv', inputs: ['x', 'w1'], output: 'c1', attributes: { pads: [1, 1, 1, 1] } },
      { op: 'BatchNormalization', inputs: ['c1', 'g', 'b', 'm', 'v'], output: 'n1' },
      { op: 'MaxPool', inputs: ['n1'], output: 'p1', attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
      { op: 'BipolarQuant', domain: qonnx, inputs: ['p1', 'one'], output: 's1' },
      { op: 'Flatten', inputs: ['s1'], output: 'f' },
      { op: 'MatMul', inputs: ['f', 'w2'], output: 'y' },
    ];
    const tensors = [
      tensor('w1', [5, 3, 3, 3], signs(135, 1)),
      tensor('g', [5], [1, -1, 0.5, -0.25, 2]),
      tensor('b', [5], [0.1, -0.2, 0.3, 0, 0]),
      tensor('m', [5], [0.5, 0, -1, 0.25, 0]),
      tensor('v', [5], [1, 2, 3, 4, 5]),
      tensor('one', [], [1]),
      tensor('w2', [45, 4], signs(180, 2)),
    ];
    const files = [{ name: 'a.onnx', bytes: file([3, 6, 6], nodes, tensors) }];
    const { model, fallbacks, agreement } = await importModel(files, { input: 'u8', randomSamples: 40, normalization: { mean: [127.5], std: [127.5] } }); // prettier-ignore
    expect(fallbacks).toEqual([]);
    expect(agreement).toMatchObject({ argmax: 1, maxDifference: 0, samples: 40 });
    expect(model.plan.ops.map(({ op }) => op)).not.toContain('transpose');
    const graph = await readModel(files);
    expect(graph.shapes.get('y')).toEqual([1, 4]);
    expect(sizeOf(graph.input.shape)).toBe(108);
  });
});
