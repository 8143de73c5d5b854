// Random models of every layer class that compiles: images, vectors and tokens; shortcuts, shared and nested layers,
// frozen ones; outputs of rank 1 to 3; odd sizes, strides, dilations, groups and paddings of every kind.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRng, type Rng } from '@bitgrad/core';
import * as L from '@bitgrad/layers';
import type { CompileOptions } from '../../src/index.js';

type X = tfl.SymbolicTensor;
type Step = (x: X, rng: Rng) => X;

/** A model and how it is compiled. */
export interface RandomModel {
  readonly model: tfl.LayersModel;
  readonly options: CompileOptions;
}

export const pick = <T>(rng: Rng, items: readonly T[]): T => items[rng.integer(items.length)]!;
const between = (rng: Rng, low: number, high: number): number => low + rng.integer(high - low + 1);
const sizesOf = (x: X): number[] => x.shape.slice(1) as number[];
const apply = (layer: tfl.layers.Layer, x: X | X[]): X => layer.apply(x) as X;
const seedOf = (rng: Rng): number => rng.integer(2 ** 31);

const kernelQuantizers = ['ste', 'ste', 'ste', 'xnor', 'ternary', 'heaviside', null] as const;
const inputQuantizers = ['ste', 'ste', 'ste', 'heaviside', 'rsign', 'dorefa', null] as const;
const activations = ['linear', 'linear', 'linear', 'relu', 'hardSigmoid', 'tanh'] as const;
const biased = { biasInitializer: 'randomNormal' } as const;

const quantizers = (rng: Rng) => ({
  kernelQuantizer: pick(rng, kernelQuantizers),
  inputQuantizer: pick(rng, inputQuantizers),
  seed: seedOf(rng),
});
const productOptions = (rng: Rng) => ({
  useBias: rng.next() < 0.3,
  activation: pick(rng, activations),
  ...biased,
});

/** Kernel, strides, dilations and padding that fit an image, kernels larger than it included where they are padded. */
const window = (rng: Rng, [h, w]: readonly number[]) => {
  const padding = pick(rng, ['same', 'valid'] as const);
  const most = (size: number) => (padding === 'same' ? 5 : Math.min(5, size));
  const kernelSize: [number, number] = [between(rng, 1, most(h!)), between(rng, 1, most(w!))];
  const fits = (d: number) => kernelSize.every((k, i) => (k - 1) * d < [h!, w!][i]!);
  const dilated = rng.next() < 0.2 && (padding === 'same' || fits(2));
  const strides = dilated ? 1 : between(rng, 1, 3);
  return { kernelSize, padding, strides, ...(dilated && { dilationRate: 2 }) };
};

const batchNorm: Step = (x, rng) =>
  apply(rng.next() < 0.7 ? L.batchNorm({}) : tfl.layers.batchNormalization(), x);

/** Nothing in inference. */
const noises = [
  () => tfl.layers.dropout({ rate: 0.3 }),
  () => tfl.layers.alphaDropout({ rate: 0.3 }),
  () => tfl.layers.gaussianDropout({ rate: 0.3 }),
  () => tfl.layers.gaussianNoise({ stddev: 0.3 }),
];

/** What may stand between any two layers. */
const anywhere: readonly Step[] = [
  batchNorm,
  batchNorm,
  (x) => apply(tfl.layers.reLU(), x),
  (x) => apply(tfl.layers.leakyReLU({ alpha: 0.2 }), x),
  (x) => apply(L.rprelu({ gammaInitializer: 'randomNormal', zetaInitializer: 'randomNormal' }), x),
  (x, rng) => apply(tfl.layers.activation({ activation: pick(rng, ['relu6', 'tanh', 'sigmoid', 'hardSigmoid']) }), x), // prettier-ignore
  (x, rng) => apply(pick(rng, noises)(), x),
  (x, rng) => apply(L.quantActivation({ inputQuantizer: pick(rng, ['ste', 'heaviside', 'rsign', 'dorefa']) }), x), // prettier-ignore
];

const joins =
  (same: Step): Step =>
  (x, rng) => {
    const y = same(x, rng);
    const { add, average, concatenate, multiply } = tfl.layers;
    return apply(pick(rng, [add, add, concatenate, concatenate, average, multiply])(), [x, y]);
  };

const conv =
  (filters?: number, strides?: number): Step =>
  (x, rng) => {
    const [h, w, c] = sizesOf(x) as [number, number, number];
    const place = strides ? { kernelSize: between(rng, 1, 4), padding: 'same' as const, strides } : window(rng, [h, w]); // prettier-ignore
    if (rng.next() < 0.15)
      return apply(tfl.layers.conv2d({ filters: filters ?? between(rng, 1, 9), ...place, ...productOptions(rng) }), x); // prettier-ignore
    const groups = filters === undefined && c % 2 === 0 && rng.next() < 0.2 ? 2 : 1;
    const count = filters ?? groups * between(rng, 1, groups === 2 ? 5 : 40);
    const padValues = pick(rng, [0, 0, 1] as const);
    return apply(L.quantConv2d({ filters: count, groups, padValues, ...place, ...quantizers(rng), ...productOptions(rng) } as never), x); // prettier-ignore
  };

const depthwise: Step = (x, rng) => {
  const [h, w] = sizesOf(x) as [number, number, number];
  const { dilationRate: _, ...place } = window(rng, [h, w]) as ReturnType<typeof window> & { dilationRate?: number }; // prettier-ignore
  // TensorFlow.js wants equal strides.
  const depthMultiplier = between(rng, 1, 2);
  if (rng.next() < 0.2) return apply(tfl.layers.depthwiseConv2d({ depthMultiplier, ...place, ...biased }), x);
  const inputQuantizer = pick(rng, inputQuantizers);
  const depthwiseQuantizer = pick(rng, ['ste', 'ste', 'ternary'] as const);
  const seed = seedOf(rng);
  if (rng.next() < 0.3)
    return apply(L.quantSeparableConv2d({ filters: between(rng, 1, 9), depthMultiplier, depthwiseQuantizer, pointwiseQuantizer: 'ste', inputQuantizer, seed, ...place, ...productOptions(rng) } as never), x); // prettier-ignore
  return apply(L.quantDepthwiseConv2d({ depthMultiplier, depthwiseQuantizer, inputQuantizer, seed, ...place, ...productOptions(rng) } as never), x); // prettier-ignore
};

const pool: Step = (x, rng) => {
  const [h, w] = sizesOf(x) as [number, number, number];
  const padding = pick(rng, ['same', 'valid'] as const);
  const poolSize: [number, number] = [between(rng, 1, Math.min(3, h)), between(rng, 1, Math.min(3, w))];
  const strides: [number, number] = [between(rng, 1, 3), between(rng, 1, 3)];
  const make = rng.next() < 0.6 ? tfl.layers.maxPooling2d : tfl.layers.averagePooling2d;
  return apply(make({ poolSize, strides, padding }), x);
};

/** One layer with the same weights, applied twice. */
const shared: Step = (x, rng) => {
  const c = sizesOf(x).at(-1)!;
  const q = { kernelQuantizer: 'ste', inputQuantizer: 'ste', useBias: false, seed: seedOf(rng) } as const;
  const layer =
    sizesOf(x).length === 3
      ? L.quantConv2d({ filters: c, kernelSize: 3, padding: 'same', ...q })
      : L.quantDense({ units: c, ...q });
  return apply(layer, batchNorm(apply(layer, x), rng));
};

const nested: Step = (x, rng) => {
  const shape = sizesOf(x);
  const q = { kernelQuantizer: 'ste', inputQuantizer: 'ste', useBias: false, seed: seedOf(rng) } as const;
  const layer =
    shape.length === 3
      ? L.quantConv2d({
          filters: between(rng, 1, 8),
          kernelSize: 3,
          padding: 'same',
          inputShape: shape,
          ...q,
        })
      : L.quantDense({ units: between(rng, 1, 8), inputShape: shape, ...q });
  const model = tfl.sequential({ layers: [layer, L.batchNorm({})] });
  return apply(model as unknown as tfl.layers.Layer, x);
};

const kept: Step = (x, rng) => {
  const c = sizesOf(x).at(-1)!;
  return batchNorm(sizesOf(x).length === 3 ? conv(c, 1)(x, rng) : dense(c)(x, rng), rng);
};

const dense =
  (units?: number): Step =>
  (x, rng) => {
    const count = units ?? between(rng, 1, 40);
    return rng.next() < 0.15
      ? apply(tfl.layers.dense({ units: count, ...productOptions(rng) }), x)
      : apply(L.quantDense({ units: count, ...quantizers(rng), ...productOptions(rng) } as never), x);
  };

const ofImages: readonly Step[] = [
  conv(),
  conv(),
  conv(),
  depthwise,
  pool,
  joins(kept),
  shared,
  nested,
  (x) => apply(tfl.layers.zeroPadding2d({ padding: [[1, 0], [0, 2]] }), x), // prettier-ignore
  (x) => apply(tfl.layers.prelu({ sharedAxes: [1, 2], alphaInitializer: 'randomUniform' }), x),
  dense(),
];
const ofVectors: readonly Step[] = [
  dense(),
  dense(),
  joins(kept),
  shared,
  nested,
  (x) => apply(tfl.layers.prelu({ alphaInitializer: 'randomUniform' }), x),
];
const attention: Step = (x, rng) => {
  const heads = pick(rng, [1, 2, sizesOf(x)[0]!]);
  const wide = apply(tfl.layers.dense({ units: 3 * heads * between(rng, 1, 3) }), x);
  return apply(L.attention({ heads }), wide);
};
const ofTokens: readonly Step[] = [
  dense(),
  dense(),
  joins(kept),
  attention,
  nested,
  (x) => apply(L.layerNorm({ epsilon: 1e-2 }), x),
  (x) => apply(tfl.layers.spatialDropout1d({ rate: 0.3 }), x),
  (x, rng) => apply(pick(rng, [tfl.layers.maxPooling1d, tfl.layers.averagePooling1d])({ poolSize: 2, strides: between(rng, 1, 2), padding: 'same' }), x), // prettier-ignore
  (x) => apply(tfl.layers.permute({ dims: [2, 1] }), x),
  (x, rng) => apply(tfl.layers.conv1d({ filters: between(rng, 1, 9), kernelSize: between(rng, 1, 2), padding: 'same', ...biased }), x), // prettier-ignore
  (x) => apply(tfl.layers.layerNormalization(), x),
  (x, rng) => apply(L.positionEmbedding({ seed: seedOf(rng) }), x),
  (x, rng) => apply(L.classToken({ seed: seedOf(rng) }), x),
  (x, rng) => {
    const q = { kernelQuantizer: 'ste', inputQuantizer: 'ste', useBias: false, seed: seedOf(rng) } as const;
    return apply(L.quantConv1d({ filters: between(rng, 1, 9), kernelSize: between(rng, 1, 3), padding: 'same', strides: between(rng, 1, 2), ...q }), x); // prettier-ignore
  },
];

const flat: Step = (x) => apply(tfl.layers.flatten(), x);
const ends: readonly (readonly Step[])[] = [
  [],
  [(x) => x],
  [flat, flat, (x) => apply(L.firstToken(), x), (x, rng) => apply(pick(rng, [tfl.layers.globalAveragePooling1d, tfl.layers.globalMaxPooling1d])({}), x), (x) => x], // prettier-ignore
  [
    flat,
    flat,
    (x) => apply(tfl.layers.globalAveragePooling2d({}), x),
    (x) => apply(tfl.layers.globalMaxPooling2d({}), x),
    (x) => x,
    (x) => apply(tfl.layers.reshape({ targetShape: [sizesOf(x)[0]! * sizesOf(x)[1]!, sizesOf(x)[2]!] }), x),
  ],
];

/** Gives every weight numbers of the seed that show, in nested models too: initializers without a seed draw others each time. */
const randomize = (model: tfl.LayersModel, rng: Rng): void => {
  const others = rng.fork('weights');
  for (const layer of L.layersOf(model))
    for (const weight of layer.weights) {
      const name = weight.originalName.split('/').at(-1)!;
      const shape = weight.shape as number[];
      const size = shape.reduce((a, b) => a * b, 1);
      const draw: Record<string, () => number> = {
        moving_mean: () => rng.normal(),
        moving_variance: () => pick(rng, [1, 10, 30]) * (0.2 + rng.next()),
        gamma: () => pick(rng, [1, 1, 1, -1]) * (0.3 + rng.next()),
        beta: () => (layer.getClassName() === 'RPReLU' ? 0.05 + rng.next() : 0.5 * rng.normal()),
        // A falling slope has no threshold.
        alpha: () => 0.05 + rng.next(),
        embedding: () => rng.normal(),
      };
      const spread = name === 'bias' ? 0.05 : 1 / Math.sqrt(Math.max(1, size / shape.at(-1)!));
      const values = draw[name] ?? (() => spread * others.normal());
      weight.write(tf.tensor(Float32Array.from({ length: size }, values), shape));
    }
};

/** The model of a seed; the caller disposes it. */
export function randomModel(seed: number): RandomModel {
  const rng = createRng(seed);
  const rank = pick(rng, [1, 2, 3, 3]);
  const shape = [[], [between(rng, 1, 40)], [between(rng, 2, 7), between(rng, 1, 12)], [between(rng, 3, 11), between(rng, 3, 9), between(rng, 1, 4)]][rank]!; // prettier-ignore
  const input = tfl.input({ shape });
  let x = input;
  for (let i = between(rng, 2, 6); i > 0; i--) {
    const own = [[], ofVectors, ofTokens, ofImages][sizesOf(x).length]!;
    const image = sizesOf(x);
    if (image.length === 3 && image[0]! * image[1]! < 2) break;
    x = pick(rng, rng.next() < 0.6 ? own : anywhere)(x, rng);
  }
  x = pick(rng, ends[sizesOf(x).length]!)(x, rng);
  if (rng.next() < 0.8) x = dense(between(rng, 1, 6))(batchNorm(x, rng), rng);
  x = pick<Step>(rng, [(y) => y, (y) => y, (y) => apply(tfl.layers.softmax({ axis: -1 }), y), (y) => apply(tfl.layers.activation({ activation: 'sigmoid' }), y)])(x, rng); // prettier-ignore
  const model = tfl.model({ inputs: input, outputs: x });
  randomize(model, rng);
  for (const layer of model.layers) if (rng.next() < 0.2) layer.trainable = false;
  const bytes = rng.next() < 0.4;
  const mean = pick(rng, [127.5, 0, 100 + 30 * rng.next()]);
  const std = pick(rng, [127.5, 255, 40 + 40 * rng.next()]);
  const options: CompileOptions = {
    lastLayer: 'float',
    ...(bytes && { input: 'u8', normalization: { mean: [mean], std: [std] } }),
  };
  return { model, options };
}
