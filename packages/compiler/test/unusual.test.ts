// Unusual but valid configurations of every kind of layer: the packed model computes what the graph does, or an error names
// the layer and what to use.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { BitgradError, defineForward, defineQuantizer, defineSurrogate, E, use } from '@bitgrad/core';
import { batchNorm, layerNorm, quantActivation, quantConv1d, quantConv2d, quantConv2dTranspose, quantDense, quantDepthwiseConv2d, rprelu, withHardened } from '@bitgrad/layers'; // prettier-ignore
import { stePlugin } from '@bitgrad/quantizer-ste';
import { jsEngine, loadModel } from '@bitgrad/runtime';
import { compileModel, type Lowering } from '../src/index.js';
import { randomizeNorms } from './helpers.js';

beforeAll(async () => {
  use(stePlugin);
  await tf.setBackend('cpu');
});

type X = tfl.SymbolicTensor;
type Build = (x: X) => X;
const { layers: l } = tfl;
const apply = (layer: tfl.layers.Layer, x: X | X[]): X => layer.apply(x) as X;
const first = { kernelQuantizer: 'ste', useBias: false, seed: 1 } as const;
const binary = { ...first, inputQuantizer: 'ste' } as const;
const dense = (units = 4, activation: 'linear' | 'relu' | 'sigmoid' = 'linear') =>
  l.dense({ units, activation, kernelInitializer: tfl.initializers.randomNormal({ seed: units, stddev: 0.3 }) }); // prettier-ignore
const flat: Build = (x) => apply(dense(), apply(l.flatten(), x));
/** A convolution of 6 channels first, and a dense layer at the end. */
const between =
  (f: Build): Build =>
  (x) =>
    flat(f(apply(quantConv2d({ ...first, filters: 6, kernelSize: 3, padding: 'same' }), x)));
/** One value for each channel. */
const squeezed: Build = (x) => apply(dense(6, 'sigmoid'), apply(l.globalAveragePooling2d({}), x));
const named = <T>(args: T): T & { name: string } => ({ name: 'it', ...args });

const image = [7, 5, 3];
const signal = [13, 4];
const right: [string, number[], Build][] = [
  // Batch normalization.
  ...[-1, 3, [3]].map((axis): [string, number[], Build] => [
    `batchNormalization axis ${JSON.stringify(axis)}`,
    image,
    between((x) => apply(quantConv2d({ ...binary, filters: 5, kernelSize: 3 }), apply(l.batchNormalization({ axis: axis as number }), x))), // prettier-ignore
  ]),
  ['batchNorm axis [3]', image, between((x) => apply(quantConv2d({ ...binary, filters: 5, kernelSize: 1 }), apply(batchNorm({ axis: [3] }), x)))], // prettier-ignore
  ['batchNormalization on rows', [6, 4], (x) => flat(apply(l.batchNormalization({ axis: 2 }), x))],
  ['layerNormalization [-1]', [6, 4], (x) => flat(apply(l.layerNormalization({ axis: [-1] }), x))],
  ['layerNormalization 2, no center', [6, 4], (x) => flat(apply(l.layerNormalization({ axis: 2, center: false }), x))], // prettier-ignore
  ['layerNorm', [6, 4], (x) => flat(apply(layerNorm(), x))],
  // Joins.
  ['add of channels', image, between((x) => apply(l.add(), [x, apply(l.reshape({ targetShape: [1, 1, 6] }), squeezed(x))]))], // prettier-ignore
  ['add of channels, small first', image, between((x) => apply(l.add(), [apply(l.reshape({ targetShape: [1, 1, 6] }), squeezed(x)), x]))], // prettier-ignore
  ['add of channels of another rank', image, between((x) => apply(l.add(), [x, squeezed(x)]))],
  ['multiply of channels (squeeze and excite)', image, between((x) => apply(l.multiply(), [x, apply(l.reshape({ targetShape: [1, 1, 6] }), squeezed(x))]))], // prettier-ignore
  ['multiply of positions', image, between((x) => apply(l.multiply(), [apply(l.conv2d({ filters: 1, kernelSize: 1, activation: 'sigmoid' }), x), x]))], // prettier-ignore
  [
    'add of positions',
    image,
    between((x) => apply(l.add(), [x, apply(l.conv2d({ filters: 1, kernelSize: 1 }), x)])),
  ],
  ['multiply by one number', image, between((x) => apply(l.multiply(), [x, apply(l.reshape({ targetShape: [1, 1, 1] }), apply(dense(1), squeezed(x)))]))], // prettier-ignore
  ['add(x, x)', [8], (x) => apply(dense(), apply(l.add(), [x, x]))],
  ['multiply(x, x, x)', [8], (x) => apply(dense(), apply(l.multiply(), [x, x, x]))],
  ['average of three, then signs', [8], (x) => apply(quantDense({ ...binary, units: 3 }), apply(l.average(), [x, apply(dense(8), x), apply(quantDense({ ...first, units: 8 }), x)]))], // prettier-ignore
  ['add of five', [8], (x) => apply(l.add(), [1, 2, 3, 4, 5].map((i) => apply(dense(3), apply(l.reLU({ name: `r${i}` }), x))))], // prettier-ignore
  ...[1, 2, 3, -1].map((axis): [string, number[], Build] => [`concatenate axis ${axis}`, image, between((x) => apply(l.concatenate({ axis }), [x, x]))]), // prettier-ignore
  ['concatenate of 70', [3], (x) => apply(dense(), apply(l.concatenate(), Array.from({ length: 70 }, () => x)))], // prettier-ignore
  // Moves.
  [
    'flatten channelsFirst',
    image,
    (x) => apply(dense(), apply(l.flatten({ dataFormat: 'channelsFirst' }), x)),
  ],
  ['flatten channelsFirst of rows', [6, 4], (x) => apply(quantDense({ ...binary, units: 3 }), apply(l.flatten({ dataFormat: 'channelsFirst' }), x))], // prettier-ignore
  ['permute', image, between((x) => apply(l.permute({ dims: [2, 1, 3] }), x))],
  ['permute of channels', image, between((x) => apply(l.permute({ dims: [3, 1, 2] }), x))],
  ['reshape null', image, (x) => apply(dense(), apply(l.reshape({ targetShape: [null, 3] as number[] }), x))],
  ['reshape -1, norm, signs', image, (x) => apply(quantDense({ ...binary, units: 3 }), apply(batchNorm(), apply(l.reshape({ targetShape: [-1, 15] }), x)))], // prettier-ignore
  ['zeroPadding of four sides', image, between((x) => apply(l.zeroPadding2d({ padding: [[1, 0], [2, 3]] }), x))], // prettier-ignore
  // Pools.
  ['maxPool with strides beyond it, same', image, between((x) => apply(l.maxPooling2d({ poolSize: 2, strides: 3, padding: 'same' }), x))], // prettier-ignore
  ['maxPool of two sizes, then signs', image, between((x) => apply(quantConv2d({ ...binary, filters: 3, kernelSize: 1 }), apply(l.maxPooling2d({ poolSize: [1, 3], strides: [2, 1] }), x)))], // prettier-ignore
  ['maxPool twice', [9, 9, 3], between((x) => apply(l.maxPooling2d({ poolSize: 2 }), apply(l.maxPooling2d({ poolSize: 2 }), x)))], // prettier-ignore
  ['averagePool same, odd', image, between((x) => apply(l.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }), x))], // prettier-ignore
  ['globalMaxPool', image, between((x) => apply(l.reshape({ targetShape: [6, 1] }), apply(l.globalMaxPooling2d({}), x)))], // prettier-ignore
  ['maxPooling1d', signal, (x) => flat(apply(quantConv1d({ ...binary, filters: 5, kernelSize: 3 }), apply(l.maxPooling1d({ poolSize: 2 }), apply(quantConv1d({ ...first, filters: 4, kernelSize: 3 }), x))))], // prettier-ignore
  ['maxPooling1d same, strides', signal, (x) => flat(apply(l.maxPooling1d({ poolSize: 3, strides: 2, padding: 'same' }), x))], // prettier-ignore
  ['averagePooling1d', signal, (x) => flat(apply(l.averagePooling1d({ poolSize: 3, padding: 'same' }), x))],
  ['globalMaxPooling1d', signal, (x) => apply(dense(), apply(l.globalMaxPooling1d({}), x))],
  ['globalAveragePooling1d', signal, (x) => apply(dense(), apply(l.globalAveragePooling1d({}), x))],
  // Activations.
  ['softmax axis 3', image, (x) => apply(l.softmax({ axis: 3 }), apply(quantConv2d({ ...first, filters: 3, kernelSize: 1 }), x))], // prettier-ignore
  ['prelu shared', image, between((x) => apply(l.prelu({ sharedAxes: [1, 2], alphaInitializer: 'randomNormal' }), x))], // prettier-ignore
  ['prelu of a vector', [6], (x) => apply(dense(), apply(l.prelu({ alphaInitializer: 'randomNormal' }), x))],
  ['rprelu, then signs', image, between((x) => apply(quantConv2d({ ...binary, filters: 3, kernelSize: 1 }), apply(rprelu({ betaInitializer: 'randomNormal' }), x)))], // prettier-ignore
  ['relu before signs', image, between((x) => apply(quantConv2d({ ...binary, filters: 3, kernelSize: 3 }), apply(l.reLU({ maxValue: 2 }), apply(batchNorm(), x))))], // prettier-ignore
  // Ends.
  ['the input as output', [4], (x) => x],
  ['dropout only', [4], (x) => apply(l.dropout({ rate: 0.5 }), x)],
  ['reshape only', [4], (x) => apply(l.reshape({ targetShape: [2, 2] }), x)],
  ['signs only', [4], (x) => apply(quantActivation({ inputQuantizer: 'ste' }), x)],
  ['relu only', image, (x) => apply(l.activation({ activation: 'relu' }), x)],
  ['one number in', [1], (x) => apply(dense(), apply(quantDense({ ...first, units: 8 }), x))],
  ['one pixel', [1, 1, 3], between((x) => x)],
  // Products.
  [
    'depthwise of the image',
    image,
    (x) => flat(apply(l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }), x)),
  ],
  ['quantDepthwise after a norm', [9, 9, 5], (x) => flat(apply(quantDepthwiseConv2d({ depthwiseQuantizer: 'ste', inputQuantizer: 'ste', kernelSize: 3, strides: 2, padding: 'same' }), apply(batchNorm(), x)))], // prettier-ignore
  ['kernel of the image', [9, 5, 3], (x) => apply(l.flatten(), apply(quantConv2d({ ...binary, filters: 4, kernelSize: [9, 5] }), x))], // prettier-ignore
  ['dense on images', image, (x) => flat(apply(quantDense({ ...binary, units: 8 }), apply(batchNorm(), x)))],
];

const refused: [string, number[], Build, RegExp][] = [
  ['maxPool channelsFirst', image, between((x) => apply(l.maxPooling2d(named({ poolSize: 2, dataFormat: 'channelsFirst' as const })), x)), /dataFormat channelsFirst/], // prettier-ignore
  ['averagePool channelsFirst', image, between((x) => apply(l.averagePooling2d(named({ poolSize: 2, dataFormat: 'channelsFirst' as const })), x)), /dataFormat channelsFirst/], // prettier-ignore
  ['globalAveragePool channelsFirst', image, (x) => apply(dense(), apply(l.globalAveragePooling2d(named({ dataFormat: 'channelsFirst' as const })), x)), /dataFormat channelsFirst/], // prettier-ignore
  ['globalMaxPool channelsFirst', image, (x) => apply(dense(1), apply(l.globalMaxPooling2d(named({ dataFormat: 'channelsFirst' as const })), x)), /dataFormat channelsFirst/], // prettier-ignore
  ['zeroPadding channelsFirst', image, between((x) => apply(l.zeroPadding2d(named({ dataFormat: 'channelsFirst' as const })), x)), /dataFormat channelsFirst/], // prettier-ignore
  ['conv2d channelsFirst', [3, 7, 5], (x) => flat(apply(l.conv2d(named({ filters: 2, kernelSize: 3, dataFormat: 'channelsFirst' as const })), x)), /dataFormat channelsFirst/], // prettier-ignore
  ['depthwise channelsFirst', [3, 7, 5], (x) => flat(apply(l.depthwiseConv2d(named({ kernelSize: 3, dataFormat: 'channelsFirst' as const })), x)), /dataFormat channelsFirst/], // prettier-ignore
  ['batchNormalization axis 1', image, between((x) => apply(l.batchNormalization(named({ axis: 1 })), x)), /normalizes axis 1.*last axis/], // prettier-ignore
  ['batchNorm axis 1', image, between((x) => apply(batchNorm(named({ axis: 1 })), x)), /normalizes axis 1/],
  ['layerNormalization of two axes', [6, 4], (x) => flat(apply(l.layerNormalization(named({ axis: [1, 2] })), x)), /normalizes axes 1, 2/], // prettier-ignore
  ['softmax axis 1', [5, 5], (x) => apply(l.softmax(named({ axis: 1 })), x), /is over axis 1/],
  ['prelu of positions', [6, 6, 6], (x) => flat(apply(l.prelu(named({ sharedAxes: [1, 3], alphaInitializer: 'randomNormal' as const })), x)), /slopes of shape \[1, 6, 1\]/], // prettier-ignore
  ['prelu unshared', image, (x) => flat(apply(l.prelu(named({})), x)), /sharedAxes/],
  ['add of rows and columns', image, between((x) => apply(l.add(named({})), [apply(l.maxPooling2d({ poolSize: [7, 1], strides: 1 }), x), apply(l.maxPooling2d({ poolSize: [1, 5], strides: 1 }), x)])), /joins the shapes \[1, 5, 6\] and \[7, 1, 6\]/], // prettier-ignore
  ['maximum', [8], (x) => apply(dense(), apply(l.maximum(named({})), [x, apply(dense(8), x)])), /has no packed form/], // prettier-ignore
  ['upSampling', image, (x) => flat(apply(l.upSampling2d(named({})), x)), /has no packed form/],
  ['transposed convolution', image, (x) => flat(apply(quantConv2dTranspose(named({ ...binary, filters: 2, kernelSize: 2 })), x)), /has no packed form/], // prettier-ignore
  ['timeDistributed', [6, 4], (x) => flat(apply(l.timeDistributed(named({ layer: dense() })), x)), /has no packed form/], // prettier-ignore
  [
    'elu',
    [6],
    (x) => apply(dense(), apply(l.activation(named({ activation: 'elu' as const })), x)),
    /activation "elu"/,
  ],
  ['concatenate axis -2', image, between((x) => apply(l.concatenate(named({ axis: -2 })), [x, x])), /joins axis -2.*axes 1 to 3/], // prettier-ignore
  ['conv3d', [4, 6, 6, 1], (x) => flat(apply(l.conv3d(named({ filters: 2, kernelSize: 2 })), x)), /has no packed form/], // prettier-ignore
  ['rows of five axes', [2, 2, 2, 2, 3], (x) => flat(apply(dense(3), apply(l.activation(named({ activation: 'relu' as const })), x))), /./], // prettier-ignore
];

const build = (shape: number[], f: Build): tfl.LayersModel => {
  const inputs = tfl.input({ shape });
  const model = tfl.model({ inputs, outputs: f(inputs) });
  randomizeNorms(model, 3, false);
  return model;
};

describe('unusual configurations', () => {
  it.each(right)('%s: as the graph', async (_name, shape, f) => {
    const model = build(shape, f);
    const samples = tf.randomNormal([8, ...shape], 0, 1, 'float32', 2).dataSync() as Float32Array;
    const { bytes } = await compileModel(model, { samples, lastLayer: 'float' });
    const packed = await loadModel(bytes, { engine: jsEngine() });
    const x = tf.randomNormal([9, ...shape], 0, 1, 'float32', 8);
    const want = withHardened(model, () => model.predict(x) as tf.Tensor);
    expect(packed.output.shape).toEqual(want.shape.slice(1));
    const got = await packed.predict(x.dataSync() as Float32Array);
    const values = want.dataSync() as Float32Array;
    const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
    values.forEach((v, i) => expect(Math.abs(v - got[i]!)).toBeLessThan(1e-4 * largest));
    packed.dispose();
  });
  it.each(refused)('%s: an error that names the layer', async (_name, shape, f, message) => {
    const error = (await compileModel(build(shape, f)).catch((e: unknown) => e)) as BitgradError;
    expect(error).toBeInstanceOf(BitgradError);
    expect(error.code).toBe('unsupported-op');
    expect(error.message).toMatch(/layer "[^"]+"/);
    expect(error.message).toMatch(message);
    if (!/axes/.test(_name)) expect(error.message).toMatch(/"it"/);
  });
  it('a lowering that writes what no op is: an error that names the layer', async () => {
    const model = build([6], (x) =>
      apply(dense(), apply(l.activation(named({ activation: 'relu' as const })), x)),
    );
    const wrong: Lowering = (_layer, [x], { builder }) => {
      const buffer = builder.op({ op: 'softmax', inputs: [x!.buffer, x!.buffer] });
      return { ...x!, buffer };
    };
    const error = (await compileModel(model, { lowerings: { Activation: wrong } }).catch((e: unknown) => e)) as BitgradError; // prettier-ignore
    expect(error.code).toBe('unsupported-op');
    expect(error.message).toMatch(/layer "it".*number of inputs of softmax: got 2, expected 1/);
  });
  it('a window that does not fit an open size: an error that names the layer', async () => {
    const model = build([null, null, 3] as unknown as number[], (x) => apply(l.globalAveragePooling2d({}), apply(quantConv2d({ name: 'it', filters: 2, kernelSize: 5 }), x))); // prettier-ignore
    await expect(compileModel(model, { inputShape: [4, 9, 3] })).rejects.toThrow(/layer "it" .*5 x 5 on an input of 4 x 9/); // prettier-ignore
  });
});

describe('a kernel', () => {
  const clip = defineForward({
    name: 'clip',
    options: {},
    alphabet: 'k-bit',
    levels: [-1, 1],
    soft: false,
    formula: (x) => Math.min(1, Math.max(-1, x)),
    expression: () => E.min(1, E.max(-1, E.input('x'))),
  });
  const surrogate = defineSurrogate({
    name: 'one',
    options: {},
    formula: () => 1,
    expression: () => E.constant(1),
  });
  const many = defineQuantizer({ name: 'many', options: {}, description: '', forward: clip, surrogate });
  // As arguments of one call they would overflow the stack.
  it.each([
    ['of 200,000 levels', { units: 100, kernelQuantizer: many }, 2000],
    ['of 200,000 units', { units: 200_000, kernelQuantizer: 'ste' }, 2],
  ])('%s compiles', async (_, options, inputs) => {
    const model = tfl.sequential({ layers: [quantDense({ ...options, inputShape: [inputs], seed: 1 })] });
    const samples = Float32Array.from({ length: inputs }, (_, i) => Math.sin(i));
    const { agreement } = await compileModel(model, { samples, lastLayer: 'float' });
    expect(agreement.relativeDifference).toBeLessThan(1e-4);
    model.dispose();
  });
});
