// A threshold decided on the counts of a binary product equals the threshold of the sums.
import { describe, expect, it } from 'vitest';
import type { Op } from '@bitgrad/runtime';
import { expectAgreement } from './support/agree.js';
import { convolution, randomData, type Case, type ConvCase } from './support/models.js';

const extremes = [-(2 ** 31), 2 ** 31 - 1, -(2 ** 31) + 1, 2 ** 31 - 2];

/** A convolution, the threshold of its sums, and the levels as floats. */
function decided(given: ConvCase, t: (sum: number) => number, readSums = false): Case {
  const { model, input } = convolution(given);
  const { plan } = model;
  const sums = plan.output;
  const { shape } = plan.buffers[sums]!;
  const c = shape[shape.length - 1]!;
  const weights = [...plan.weights];
  const data = [...model.weights];
  const weight = (type: 'i32' | 'bits' | 'f32', values: (typeof data)[number]): number => {
    weights.push({ type, shape: [c] });
    data.push(values);
    return weights.length - 1;
  };
  const thresholds = weight(
    'i32',
    Int32Array.from({ length: c }, (_, i) => t(i)),
  );
  const flips = weight('bits', randomData('bits', [c], 77));
  const one = weight('f32', new Float32Array(c).fill(1));
  const zero = weight('f32', new Float32Array(c));
  const buffers = [...plan.buffers, { type: 'bits' as const, shape }, { type: 'f32' as const, shape }];
  const ops = [
    ...plan.ops,
    { op: 'threshold', inputs: [sums], weights: [thresholds, flips], output: sums + 1 },
    { op: 'affine', inputs: [sums + 1], weights: [one, zero], output: sums + 2 },
  ] as Op[];
  let output = sums + 2;
  if (readSums) {
    buffers.push({ type: 'f32', shape }, { type: 'f32', shape });
    ops.push(
      { op: 'affine', inputs: [sums], weights: [one, zero], output: sums + 3 },
      { op: 'add', inputs: [sums + 2, sums + 3], output: sums + 4 },
    );
    output = sums + 4;
  }
  return { model: { ...model, plan: { ...plan, buffers, weights, ops, output }, weights: data }, input };
}

const pads = [1, 1, 1, 1] as [number, number, number, number];

describe.each(['simd', 'scalar'] as const)('%s', (variant) => {
  it('every threshold around the sums, with each padding value', async () => {
    for (const padValue of [1, 0, -1])
      for (const cOut of [1, 31, 32, 33, 64, 65, 127]) {
        const given: ConvCase = { type: 'bits', size: [5, 6], c: 9, cOut, pads, padValue, seed: cOut };
        await expectAgreement(
          decided(given, (i) => (i % 40) - 20),
          { variant },
        );
      }
  });

  it('constants and thresholds beyond every sum', async () => {
    const given: ConvCase = { type: 'bits', size: [4, 4], c: 20, cOut: 40, pads };
    await expectAgreement(
      decided(given, (i) => extremes[i % 4]!),
      { variant },
    );
    await expectAgreement(
      decided(given, (i) => [180, 181, -180, -179, -181, 179][i % 6]!),
      { variant },
    );
  });

  it('sums at the edge of 16 bits: 32,767 levels are decided on counts, 32,768 are not', async () => {
    for (const c of [32767, 32768, 40000]) {
      const given: ConvCase = { type: 'bits', size: [1, 2], c, cOut: 34, kernel: [1, 1], seed: c };
      await expectAgreement(
        decided(given, (i) => (i - 17) * 20),
        { variant },
      );
      await expectAgreement(
        decided(given, (i) => [c, -c, -c + 1, c - 1][i % 4]!),
        { variant },
      );
    }
  });

  it('sums that something else reads as well', async () => {
    await expectAgreement(
      decided({ type: 'bits', size: [4, 4], c: 20, cOut: 40, pads }, (i) => i - 20, true),
      { variant },
    );
  });
});

it('says that the threshold is part of the product', async () => {
  const given = decided({ type: 'bits', size: [4, 4], c: 20, cOut: 40, pads }, (i) => i - 20);
  const { ops } = await expectAgreement(given, { variant: 'simd' });
  expect(ops.map(({ kernel }) => kernel)).toEqual(['threshold', 'xnor-lookup', 'fused:1', 'fused:1']);
});
