// What is told about a model: sign flips, forgotten constraints, and the summary against numbers counted by hand.
import './fixtures.js';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import type { BitgradError } from '@bitgrad/core';
import { defineForward, defineQuantizer } from '@bitgrad/core';
import {
  batchNorm,
  checkModel,
  flipRatio,
  formatSummary,
  outputShapesFor,
  quantActivation,
  quantConv1d,
  quantConv2d,
  quantConv2dTranspose,
  quantDense,
  quantDepthwiseConv2d,
  quantSeparableConv2d,
  signSnapshot,
  summary,
  type Costs,
} from '../src/index.js';
import { clipped, identity, sign, signForward } from './fixtures.js';

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as BitgradError).code;
  }
  return 'none';
};

describe('flip ratio', () => {
  const model = tfl.sequential({
    layers: [
      quantDense({ units: 5, name: 'a', useBias: false, kernelQuantizer: 'test-ste', inputShape: [7] }),
      quantDense({ units: 1, name: 'b', useBias: false, kernelQuantizer: 'test-scaled' }),
      quantDense({ units: 3, name: 'float' }),
    ],
  });
  const set = (index: number, values: number[]) => {
    const layer = model.layers[index]!;
    layer.setWeights([tf.tensor(values, layer.weights[0]!.shape as number[])]);
  };

  it('counts the kernel signs that changed, by kernel and in all', () => {
    const values = Array.from({ length: 35 }, (_, i) => (i % 3) - 1);
    set(0, values);
    set(1, [1, 1, 1, 1, 1]);
    const before = signSnapshot(model);
    expect(before.map(({ layer, slot, length, words }) => [layer, slot, length, words.length])).toEqual([
      ['a', 'kernel', 35, 2],
      ['b', 'kernel', 5, 1],
    ]);
    expect(flipRatio(before, signSnapshot(model))).toMatchObject({ flips: 0, ratio: 0, weights: 40 });
    // Of every three: -1 -> 1 flips, 0 -> -0 does not, 1 -> -1 flips.
    set(0, values.map((v) => -v)); // prettier-ignore
    set(1, [1, -2, 1, 1, 1]);
    const flips = flipRatio(before, signSnapshot(model));
    expect(flips.kernels.map(({ flips: n, ratio }) => [n, ratio])).toEqual([
      [23, 23 / 35],
      [1, 1 / 5],
    ]);
    expect(flips).toMatchObject({ flips: 24, weights: 40, ratio: 24 / 40 });
  });

  it('sees the levels of {0, 1} and what prepare does, not the latent signs', () => {
    const quantizer = defineQuantizer({
      ...sign(),
      forward: defineForward({
        ...signForward,
        name: 'step',
        alphabet: 'zero-one',
        levels: [0, 1],
        formula: (v) => (v < 0 ? 0 : 1),
        expression: undefined,
        forward: (v) => tf.cast(tf.greaterEqual(v, 0), 'float32'),
        prepare: (v) => tf.sub(v, 1),
      }),
    });
    const layer = quantDense({ units: 1, useBias: false, kernelQuantizer: quantizer });
    layer.build([null, 3]);
    layer.setWeights([tf.tensor2d([[0.5], [1.5], [-1]])]);
    const before = signSnapshot(layer);
    expect([...before[0]!.words]).toEqual([0b101]);
    layer.setWeights([tf.tensor2d([[1], [2.5], [-4]])]);
    expect(flipRatio(before, signSnapshot(layer)).flips).toBe(1);
  });

  it('refuses snapshots of another model, and NaN', () => {
    const other = quantDense({ units: 2, name: 'a', kernelQuantizer: 'test-ste' });
    other.build([null, 7]);
    expect(codeOf(() => flipRatio(signSnapshot(model), signSnapshot(other)))).toBe('shape-mismatch');
    set(1, [1, 1, Number.NaN, 1, 1]);
    expect(codeOf(() => signSnapshot(model))).toBe('not-finite');
    expect(flipRatio([], []).ratio).toBe(0);
  });

  it('keeps no tensors', () => {
    set(1, [1, 1, 1, 1, 1]);
    const before = tf.memory().numTensors;
    signSnapshot(model);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('checkModel', () => {
  const warned = (args: object) =>
    checkModel(tfl.sequential({ layers: [quantDense({ units: 1, name: 'd', inputShape: [2], ...args })] }))
      .warnings;

  it('reports a binary kernel without clip whose gradient vanishes outside [-1, 1]', () => {
    const [warning, ...rest] = warned({ kernelQuantizer: 'test-ste' });
    expect(rest).toEqual([]);
    expect(warning).toMatchObject({ code: 'no-weight-clip', layer: 'd' });
    expect(warning!.message).toContain("kernelConstraint: 'weightClip'");
  });

  it('is silent for a clipped kernel, a float one, and a gradient that goes on outside', () => {
    expect(warned({ kernelQuantizer: 'test-ste', kernelConstraint: 'weightClip' })).toEqual([]);
    expect(warned({ inputQuantizer: 'test-ste' })).toEqual([]);
    expect(warned({ kernelQuantizer: { forward: signForward, surrogate: identity } })).toEqual([]);
    const prepared = defineForward({ ...signForward, prepare: (v) => tf.div(v, tf.mean(tf.abs(v))) });
    expect(warned({ kernelQuantizer: { forward: prepared, surrogate: clipped } })).toEqual([]);
  });
});

describe('summary', () => {
  const binary = { kernelQuantizer: 'test-ste', inputQuantizer: 'test-ste' };
  const costs = (layer: tfl.layers.Layer, inputShape: number[]): Partial<Costs> => {
    const input = tfl.input({ shape: inputShape });
    return summary(tfl.model({ inputs: input, outputs: layer.apply(input) as tfl.SymbolicTensor })).total;
  };

  it('counts parameters, bytes and MACs of each layer type', () => {
    expect(costs(quantConv2d({ filters: 16, kernelSize: 3, strides: 2, padding: 'same', ...binary }), [10, 10, 40])).toEqual({
      binaryParams: 5760, lowBitParams: 0, floatParams: 16, droppedParams: 0,
      packedBytes: 5760 / 8 + 64, floatBytes: 5776 * 4, binaryMacs: 25 * 5760, floatMacs: 0,
    }); // prettier-ignore
    expect(costs(quantConv2d({ filters: 4, kernelSize: 3, groups: 2, useBias: false, ...binary }), [5, 5, 8])).toMatchObject({
      binaryParams: 144, packedBytes: 144 / 8, binaryMacs: 9 * 144,
    }); // prettier-ignore
    expect(costs(quantConv2d({ filters: 4, kernelSize: 1, kernelQuantizer: 'test-ste' }), [5, 5, 8])).toMatchObject({
      binaryParams: 32, binaryMacs: 0, floatMacs: 25 * 32,
    }); // prettier-ignore
    expect(costs(quantConv1d({ filters: 2, kernelSize: 3, useBias: false, ...binary }), [9, 33])).toMatchObject({
      binaryParams: 198, packedBytes: 25, binaryMacs: 7 * 198,
    }); // prettier-ignore
    const depthwise = {
      kernelSize: 3,
      depthMultiplier: 2,
      depthwiseQuantizer: 'test-ste',
      inputQuantizer: 'test-ste',
      useBias: false,
    };
    expect(costs(quantDepthwiseConv2d(depthwise), [4, 4, 20])).toMatchObject({
      binaryParams: 360, packedBytes: 45, binaryMacs: 4 * 360,
    }); // prettier-ignore
    // The pointwise half multiplies sums: not binary.
    expect(costs(quantSeparableConv2d({ ...depthwise, filters: 5, pointwiseQuantizer: 'test-ste' }), [4, 4, 20])).toMatchObject({
      binaryParams: 360 + 200, packedBytes: 45 + 25, binaryMacs: 4 * 360, floatMacs: 4 * 200,
    }); // prettier-ignore
    // Each weight is used once for each input pixel.
    expect(costs(quantConv2dTranspose({ filters: 3, kernelSize: 2, strides: 2, useBias: false, ...binary }), [4, 5, 7])).toMatchObject({
      binaryParams: 84, packedBytes: 11, binaryMacs: 20 * 84,
    }); // prettier-ignore
    expect(costs(tfl.layers.conv2d({ filters: 2, kernelSize: 3 }), [5, 5, 3])).toMatchObject({
      floatParams: 56, packedBytes: 224, floatMacs: 9 * 54,
    }); // prettier-ignore
    expect(costs(tfl.layers.dense({ units: 2 }), [5, 3])).toMatchObject({ floatParams: 8, floatMacs: 5 * 6 });
    expect(costs(batchNorm(), [5, 3])).toMatchObject({ floatParams: 12, floatMacs: 0, binaryMacs: 0 });
  });

  it('counts learned thresholds as float, and leaves out what is dropped at deployment', () => {
    expect(costs(quantDense({ units: 2, useBias: false, kernelQuantizer: 'test-ste', inputQuantizer: 'test-rsign' }), [6])).toMatchObject({
      binaryParams: 12, floatParams: 6, droppedParams: 0, packedBytes: 2 + 24, floatBytes: 72,
    }); // prettier-ignore
    const model = tfl.sequential({
      layers: [quantActivation({ inputQuantizer: 'test-soft', inputShape: [6] })],
    });
    expect(summary(model).total).toMatchObject({
      floatParams: 0,
      droppedParams: 6,
      packedBytes: 0,
      floatBytes: 0,
    });
    expect(formatSummary(summary(model))).toContain('6 more parameters are used in training only');
  });

  it('counts quantizers of more than two levels apart, one byte a weight', () => {
    const ternary = defineQuantizer({
      ...sign(),
      forward: defineForward({ ...signForward, name: 'three', alphabet: 'ternary', levels: [-1, 0, 1] }),
    });
    expect(costs(quantDense({ units: 2, useBias: false, kernelQuantizer: ternary, inputQuantizer: 'test-ste' }), [6])).toMatchObject({
      binaryParams: 0, lowBitParams: 12, packedBytes: 12, floatBytes: 48, floatMacs: 12, binaryMacs: 0,
    }); // prettier-ignore
  });

  it('counts a layer that is used again once in memory and each time in MACs, and no use by another model', () => {
    const shared = quantDense({ units: 4, useBias: false, ...binary });
    const input = tfl.input({ shape: [3, 4] });
    const twice = shared.apply(shared.apply(input)) as tfl.SymbolicTensor;
    shared.apply(tfl.input({ shape: [100, 4] }));
    expect(summary(tfl.model({ inputs: input, outputs: twice })).total).toMatchObject({
      binaryParams: 16,
      binaryMacs: 2 * 3 * 16,
    });
    const inner = tfl.sequential({
      layers: [quantDense({ units: 4, useBias: false, inputShape: [4], ...binary })],
    });
    const outer = tfl.input({ shape: [4] });
    const nested = tfl.model({
      inputs: outer,
      outputs: inner.apply(inner.apply(outer)) as tfl.SymbolicTensor,
    });
    expect(summary(nested).total).toMatchObject({ binaryParams: 16, binaryMacs: 32 });
    const wrapper = tfl.layers.timeDistributed({
      layer: quantDense({ units: 2, useBias: false, ...binary }),
    });
    expect(costs(wrapper, [5, 4])).toMatchObject({ binaryParams: 8, binaryMacs: 5 * 8 });
  });

  it('counts the bits of a first kernel as a file holds them', () => {
    // 32 kernels of 3x3 with one channel: 36 bytes, and 1,152 as rows of 32-bit words.
    const layer = quantConv2d({ filters: 32, kernelSize: 3, useBias: false, kernelQuantizer: 'test-ste' });
    expect(costs(layer, [28, 28, 1])).toMatchObject({ binaryParams: 288, packedBytes: 36 });
  });

  it('says that MACs are unknown where a size is, and counts them for a size that is given', () => {
    const build = (side: number | null): tfl.LayersModel => {
      const input = tfl.input({ shape: [side, side, 3] });
      const conv = quantConv2d({ name: 'c', filters: 4, kernelSize: 3, padding: 'same', ...binary }).apply(
        input,
      );
      const inner = tfl.sequential({ layers: [tfl.layers.conv2d({ name: 'i', filters: 2, kernelSize: 3, inputShape: [side, side, 4] })] }); // prettier-ignore
      const pooled = tfl.layers.globalAveragePooling2d({}).apply(inner.apply(conv) as tfl.SymbolicTensor);
      const outputs = tfl.layers.dense({ units: 5 }).apply(pooled) as tfl.SymbolicTensor;
      return tfl.model({ inputs: input, outputs, name: 'open' });
    };
    const [open, fixed] = [summary(build(null)), summary(build(20))];
    expect(open.total).toMatchObject({ binaryMacs: null, floatMacs: null, binaryParams: 108 });
    expect(open.layers.at(-1)).toMatchObject({ floatMacs: 10 });
    expect(formatSummary(open)).toMatch(/unknown +unknown\n[^]*summary\(model, \{ inputShape \}\)/);
    const given = summary(build(null), { inputShape: [20, 20, 3] });
    expect(given.total).toEqual(fixed.total);
    expect(given.layers.map(({ outputShape }) => outputShape)).toEqual(fixed.layers.map(({ outputShape }) => outputShape)); // prettier-ignore
    const sequence = tfl.input({ shape: [null, 4] });
    const wrapper = tfl.layers.timeDistributed({
      layer: quantDense({ units: 2, useBias: false, ...binary }),
    });
    const rows = tfl.model({ inputs: sequence, outputs: wrapper.apply(sequence) as tfl.SymbolicTensor });
    expect(summary(rows).total.binaryMacs).toBeNull();
    expect(summary(rows, { inputShape: [7, 4] }).total.binaryMacs).toBe(7 * 8);
    expect(() => summary(rows, { inputShape: [7, 5] })).toThrow(
      /inputShape for model .* got \[7,5\], .* \[any, 4\]/,
    );
    expect(() => summary(rows, { inputSize: [7, 4] } as never)).toThrow(/no option "inputSize"/);
  });

  it('knows the size that a Reshape leaves open, once it is told the input', () => {
    const input = tfl.input({ shape: [4, 6] });
    const rows = tfl.layers.reshape({ targetShape: [-1, 3] }).apply(input) as tfl.SymbolicTensor;
    const outputs = tfl.layers.dense({ units: 2 }).apply(rows) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs });
    expect(summary(model).total.floatMacs).toBeNull();
    const known = summary(model, { inputShape: [4, 6] });
    expect(known.total.floatMacs).toBe(8 * 6);
    expect(known.layers.at(-1)!.outputShape).toEqual([null, 8, 2]);
    expect(outputShapesFor(model, [null, 4, 6])).toEqual([[null, 8, 2]]);
  });

  it('prints a table', () => {
    const model = tfl.sequential({
      name: 'net',
      layers: [
        quantDense({ units: 64, name: 'd', inputShape: [784], useBias: false, ...binary }),
        batchNorm({ name: 'bn' }),
      ],
    });
    expect(formatSummary(summary(model)).split('\n')).toEqual([
      'layer                  output  1-bit params  float params  packed bytes  float32 bytes  binary MACs  float MACs',
      '-'.repeat(111),
      'd (QuantDense)         [64]          50,176             0         6,272        200,704       50,176           0',
      'bn (BitgradBatchNorm)  [64]               0           256         1,024          1,024            0           0',
      '-'.repeat(111),
      'total of net                         50,176           256         7,296        201,728       50,176           0',
      'memory 7.1 KiB packed, 197.0 KiB in float32: 27.6x smaller',
    ]);
  });
});
