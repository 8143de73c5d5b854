// What is passed by mistake is answered by a BitgradError, and options that do not exist are refused.
import './fixtures.js';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { initialClock } from '@bitgrad/core';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../src/index.js';
import { sign } from './fixtures.js';

const model = (): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      exports.quantDense({ units: 2, kernelQuantizer: 'test-ste', inputShape: [3] }),
      exports.batchNorm(),
    ],
  });
const conv = { filters: 1, kernelSize: 1 };
const layerCases = {
  attention: { heads: 1 },
  batchNorm: {},
  binaryAttention: { heads: 1 },
  classToken: {},
  firstToken: {},
  hardTanh: {},
  layerNorm: {},
  padding: {},
  positionEmbedding: {},
  prelu: {},
  quantActivation: {},
  quantConv1d: conv,
  quantConv2d: conv,
  quantConv2dTranspose: conv,
  quantDense: { units: 1 },
  quantDepthwiseConv2d: { kernelSize: 1 },
  quantSeparableConv2d: conv,
  rprelu: {},
  weightClip: {},
};
const classes = Object.entries(exports)
  .filter(([name, value]) => /^[A-Z]/.test(name) && typeof value === 'function')
  .map(([name]) => [name, 'a class, whose factory is tried'] as const);

it('every exported function works or raises a BitgradError', async () => {
  const net = model();
  const failures = await wrongCalls(exports, {
    cases: {
      ...Object.fromEntries(
        Object.entries(layerCases).map(([name, args]) => [name, { args: () => [{ ...args }], options: 0 }]),
      ),
      applyConstraints: { args: () => [net] },
      checkModel: { args: () => [net] },
      dilateKernel: { args: () => [tf.zeros([1, 1, 1, 1]), [1, 1]] },
      expectLayer: { args: () => ['layers', 'it', net] },
      expectModel: { args: () => ['layers', 'it', net] },
      fixedInputShape: { args: () => ['layers', net, [3]] },
      flipRatio: { args: () => [exports.signSnapshot(net), exports.signSnapshot(net)] },
      formatSummary: { args: () => [exports.summary(net)] },
      layersOf: { args: () => [net] },
      needsClock: { args: () => [net] },
      outputKindOf: { args: () => [net, 0] },
      outputShapesFor: { args: () => [net, [null, 3]] },
      quantizedKernels: { args: () => [net] },
      quantLayersOf: { args: () => [net] },
      resolveQuantizer: { args: () => ['test-ste', 'kernel', 'kernelQuantizer'] },
      serializeQuantizer: { args: () => [sign()] },
      setClock: { args: () => [net, initialClock] },
      setHardened: { args: () => [net, false] },
      signSnapshot: { args: () => [net] },
      summary: { args: () => [net, { inputShape: [3] }], options: 1 },
      walkLayers: { args: () => [net] },
      withHardened: { args: () => [net, () => 1] },
      withQuantizedWeights: { args: () => [net, () => 1] },
    },
    skip: Object.fromEntries(classes),
  });
  expect(failures).toEqual([]);
});
