// Two copies of a package in one program (npm could not make them one, or one is inside a bundle): what is found in a
// model must not depend on which copy made it.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, it, vi } from 'vitest';
import { use } from '@bitgrad/core';
import { stePlugin } from '@bitgrad/quantizer-ste';
import type * as FirstCopy from '../src/index.js';

type Layers = typeof FirstCopy;
let one: Layers;
let two: Layers;

beforeAll(async () => {
  await tf.setBackend('cpu');
  use(stePlugin);
  one = await import('../src/index.js');
  vi.resetModules();
  two = await import('../src/index.js');
});

const modelOf = ({ quantConv2d, quantConv2dTranspose, batchNorm, quantDense }: Layers): tfl.LayersModel => {
  const binary = { kernelQuantizer: 'ste', kernelConstraint: 'weightClip', useBias: false } as const;
  return tfl.sequential({
    layers: [
      quantConv2d({ ...binary, filters: 8, kernelSize: 3, inputShape: [8, 8, 3] }),
      batchNorm(),
      quantConv2dTranspose({ ...binary, filters: 4, kernelSize: 2, strides: 2, inputQuantizer: 'ste' }),
      tfl.layers.flatten(),
      quantDense({ ...binary, units: 4, inputQuantizer: 'ste' }),
    ] as tfl.layers.Layer[],
  });
};

it('finds the quantized layers of another copy, and what they cost', () => {
  expect(two.QuantLayer).not.toBe(one.QuantLayer);
  const own = modelOf(one);
  const other = modelOf(two);
  expect(one.quantLayersOf(other)).toHaveLength(3);
  expect(one.quantizedKernels(other)).toHaveLength(3);
  expect(one.summary(other).total).toEqual(one.summary(own).total);
  expect(one.summary(other).total.binaryParams).toBeGreaterThan(0);
  one.setHardened(other, true);
  expect(one.quantLayersOf(other).every(({ hardened }) => hardened)).toBe(true);
  expect(other.layers.filter(one.isBatchNorm)).toHaveLength(1);
});

it('knows the errors of another copy', async () => {
  const bits = await import('@bitgrad/bits');
  const thrown = (() => {
    try {
      two.summary('cnn' as never);
    } catch (error) {
      return error as Error;
    }
  })();
  const { BitgradError } = await import('@bitgrad/core');
  expect(thrown).toBeInstanceOf(BitgradError);
  vi.resetModules();
  const again = await import('@bitgrad/bits');
  expect(again.BitgradError).not.toBe(bits.BitgradError);
  expect(thrown).toBeInstanceOf(again.BitgradError);
  expect(new TypeError('x')).not.toBeInstanceOf(again.BitgradError);
});
