// The reference models: shapes, sizes counted by hand, seeds, training, saving, quantizers in every place they belong.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { use, type BitgradError } from '@bitgrad/core';
import {
  checkModel,
  needsClock,
  quantizedKernels,
  quantLayersOf,
  summary,
  withHardened,
  withQuantizedWeights,
} from '@bitgrad/layers';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { beforeAll, describe, expect, it } from 'vitest';
import { createModel, listModels, modelNames, type ModelName, type ModelOptions } from '../src/index.js';

beforeAll(() => use(stePlugin));

const mnist: ModelOptions = { inputShape: [28, 28, 1], classes: 10, kernelQuantizer: 'ste' };
const small: Record<ModelName, Partial<ModelOptions>> = {
  mlp: { inputShape: [4, 4, 1], hidden: [8] },
  tfc: { inputShape: [4, 4, 1], width: 0.1 },
  lfc: { inputShape: [4, 4, 1], width: 0.01 },
  cnn: { inputShape: [8, 8, 1], width: 0.1 },
  'vgg-small': { inputShape: [8, 8, 3], width: 0.06 },
  resnet20: { inputShape: [8, 8, 3], width: 0.2 },
  'resnet20-fda': { inputShape: [8, 8, 3], width: 0.2 },
  'resnet20-irnet': { inputShape: [8, 8, 3], width: 0.2, seed: 2 },
  resnet18: { inputShape: [8, 8, 3], width: 0.05, seed: 2 },
  birealnet18: { inputShape: [8, 8, 3], width: 0.05 },
  'reactnet-a': { inputShape: [16, 16, 3], width: 0.05 },
  quicknet: { inputShape: [32, 32, 3], width: 0.06, seed: 4 },
  kws: { inputShape: [12, 8, 1], width: 0.2 },
  'kws-1d': { inputShape: [12, 8, 1], width: 0.1 },
  'vit-binary': { inputShape: [8, 8, 1], width: 0.125, depth: 2, heads: 2 },
  'vit-float-attention': { inputShape: [8, 8, 1], width: 0.125, depth: 2, heads: 2 },
};
const tiny = (name: ModelName, more: Partial<ModelOptions> = {}) =>
  createModel(name, { ...mnist, classes: 3, ...small[name], ...more });
const inputsFor = (model: tfl.LayersModel, n: number, seed: number) =>
  tf.randomNormal([n, ...(model.inputs[0]!.shape.slice(1) as number[])], 0, 1, 'float32', seed);
const weightsOf = (model: tfl.LayersModel) => model.getWeights().map((w) => [...w.dataSync()]);
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as BitgradError).code;
  }
  return 'none';
};

describe('sizes, counted by hand', () => {
  it('cnn on MNIST', () => {
    const { layers, total } = summary(createModel('cnn', mnist));
    expect(layers.map(({ name, outputShape }) => [name, outputShape.slice(1).join('x')])).toEqual([
      ['input', '28x28x1'],
      ['conv1', '28x28x32'],
      ['pool1', '14x14x32'],
      ['bn1', '14x14x32'],
      ['conv2', '14x14x64'],
      ['pool2', '7x7x64'],
      ['bn2', '7x7x64'],
      ['conv3', '7x7x64'],
      ['bn3', '7x7x64'],
      ['flatten', '3136'],
      ['logits', '10'],
      ['logits_bn', '10'],
    ]);
    const kernels = [9 * 32, 9 * 32 * 64, 9 * 64 * 64, 3136 * 10];
    const float = 4 * (32 + 64 + 64 + 10);
    expect(total).toEqual({
      binaryParams: kernels.reduce((a, b) => a + b),
      lowBitParams: 0,
      floatParams: float,
      droppedParams: 0,
      packedBytes: kernels.reduce((a, b) => a + b) / 8 + 4 * float,
      floatBytes: 4 * (kernels.reduce((a, b) => a + b) + float),
      binaryMacs: 14 * 14 * kernels[1]! + 7 * 7 * kernels[2]! + kernels[3]!,
      // The first layer's input is float; its weights are binary all the same.
      floatMacs: 28 * 28 * kernels[0]!,
    });
  });

  it('tfc and lfc are binary throughout', () => {
    const tfc = summary(createModel('tfc', mnist)).total;
    expect(tfc.binaryParams).toBe(784 * 64 + 64 * 64 * 2 + 64 * 10);
    expect([tfc.binaryMacs, tfc.floatMacs, tfc.floatParams]).toEqual([
      tfc.binaryParams,
      0,
      4 * (64 * 3 + 10),
    ]);
    expect(summary(createModel('lfc', mnist)).total.binaryParams).toBe(784 * 1024 + 2 * 1024 * 1024 + 10240);
    const mlp = summary(createModel('mlp', { ...mnist, hidden: [5, 7] })).total;
    expect(mlp.binaryParams).toBe(784 * 5 + 5 * 7 + 7 * 10);
  });

  it('vgg-small and the residual nets keep the first and last layer in float', () => {
    const cifar = { ...mnist, inputShape: [32, 32, 3] as const };
    const vgg = summary(createModel('vgg-small', cifar)).total;
    expect(vgg.binaryParams).toBe(9 * (128 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 512 * 512));
    const norms = 4 * 2 * (128 + 256 + 512);
    expect(vgg.floatParams).toBe(27 * 128 + norms + 4 * 4 * 512 * 10 + 10);
    const resnet = summary(createModel('resnet20', cifar)).total;
    expect(resnet.binaryParams).toBe(9 * (6 * 16 * 16 + 16 * 32 + 5 * 32 * 32 + 32 * 64 + 5 * 64 * 64));
    const shortcuts = 16 * 32 + 32 * 64 + 4 * (32 + 64);
    expect(resnet.floatParams).toBe(27 * 16 + 4 * 16 + 6 * 4 * (16 + 32 + 64) + shortcuts + 64 * 10 + 10);
    const names = createModel('resnet20', cifar).layers.filter((layer) => layer.getClassName() === 'Add');
    expect(names.length).toBe(18);
  });

  it('kws with and without shortcuts', () => {
    const words = { ...mnist, inputShape: [48, 32, 1] as const, classes: 11 };
    const total = (options: object) => summary(createModel('kws', { ...words, ...options })).total;
    const real = total({});
    expect(real.binaryParams).toBe(9 * (2 * 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128));
    const none = total({ shortcut: 'none' });
    const kernels = [32 * 64, 64 * 64, 64 * 128, 128 * 128].map((n) => 9 * n) as [number, number, number, number]; // prettier-ignore
    expect(none.binaryParams).toBe(kernels.reduce((a, b) => a + b));
    // The second half of each pair sees what the pools have left: 12x8, then 6x4.
    const [a, b, c, d] = kernels;
    expect(none.binaryMacs).toBe(24 * 16 * a + 12 * 8 * (b + c) + 6 * 4 * d);
    expect(none.floatParams).toBe(9 * 32 + 4 * (32 + 2 * 64 + 2 * 128) + 128 * 11 + 11);
    expect(() => total({ shortcut: 'some' })).toThrow(
      /"shortcut" .*got "some", expected one of "real", "none"/,
    );
  });

  it('kws-1d, and that no output of it sees what comes after', () => {
    const words = { ...mnist, inputShape: [48, 32, 1] as const, classes: 11 };
    const { total } = summary(createModel('kws-1d', words));
    expect(total.binaryParams).toBe(6 * 3 * 96 * 96);
    expect(total.binaryMacs).toBe(2 * 3 * 96 * 96 * (48 + 24 + 12));
    expect(total.floatParams).toBe(32 * 96 + 7 * 4 * 96 + 96 * 11 + 11);
    const model = tiny('kws-1d');
    const before = tfl.model({ inputs: model.inputs, outputs: model.getLayer('stage3_conv2_add').output });
    // Twelve frames of eight bands become three; the last four frames change the last alone.
    const [a, b] = tf.tidy(() => {
      const x = inputsFor(model, 1, 3);
      const other = tf.concat([tf.slice(x, [0, 0], [1, 8]), tf.neg(tf.slice(x, [0, 8], [1, 4]))], 1);
      return [x, other].map((input) => [...(before.predict(input) as tf.Tensor).dataSync()]);
    }) as [number[], number[]];
    const channels = a.length / 3;
    expect(b.slice(0, 2 * channels)).toEqual(a.slice(0, 2 * channels));
    expect(b.slice(2 * channels)).not.toEqual(a.slice(2 * channels));
  });

  it('vit-float-attention is binary in its blocks, and counts the products of attention', () => {
    const { layers, total } = summary(createModel('vit-float-attention', mnist));
    expect(total.binaryParams).toBe(4 * 8 * 64 * 64);
    expect(total.binaryMacs).toBe(49 * total.binaryParams);
    const norms = 4 * (64 + 4 * (3 * 64 + 64 + 2 * 64 + 64)) + 2 * 64 * 9;
    expect(total.floatParams).toBe(16 * 64 + 49 * 64 + norms + 64 * 10 + 10);
    expect(total.floatMacs).toBe(49 * 16 * 64 + 4 * 2 * 49 * 49 * 64 + 640);
    const names = layers.filter(({ name }) => name.startsWith('block1')).map(({ name }) => name.slice(7));
    const dense = (name: string) => [name, `${name}_bn`];
    const attention = ['norm1', ...dense('qkv'), 'attention', ...dense('projection'), 'add1'];
    expect(names).toEqual([...attention, 'norm2', ...dense('mlp_in'), ...dense('mlp_out'), 'add2']);
    const cifar = { ...mnist, inputShape: [32, 32, 3] as const };
    expect(createModel('vit-float-attention', cifar).getLayer('tokens').outputShape).toEqual([null, 64, 64]);
    const wide = createModel('vit-float-attention', {
      ...cifar,
      width: 1.5,
      heads: 3,
      patchSize: 8,
      pooling: 'token',
    });
    expect(wide.getLayer('position').outputShape).toEqual([null, 17, 96]);
  });

  it('birealnet18 takes the stem of its input size', () => {
    const stem = (size: number) => {
      const model = createModel('birealnet18', { ...mnist, inputShape: [size, size, 3], width: 0.05 });
      return [model.getLayer('stem').outputShape[1], model.getLayer('stage1_conv1').outputShape[1]];
    };
    expect(stem(32)).toEqual([32, 32]);
    expect(stem(64)).toEqual([32, 16]);
  });
});

/** Every element of every weight: the count of PyTorch's parameters and buffers. */
const elements = (weights: tfl.LayersModel['weights']): number =>
  weights.reduce((sum, { shape }) => sum + shape.reduce<number>((a, b) => a * b!, 1), 0);
const parametersOf = (name: ModelName, options: Partial<ModelOptions>): number => {
  const model = createModel(name, { ...mnist, inputShape: [32, 32, 3], ...options });
  const count = elements(model.trainableWeights);
  model.dispose();
  return count;
};
const imagenet = { inputShape: [224, 224, 3], classes: 1000 } as const;

describe('sizes, as published', () => {
  it.each<[string, ModelName, Partial<ModelOptions>, number]>([
    // Its authors' code for CIFAR-10, PyTorch parameters.
    ['IR-Net', 'resnet20-irnet', {}, 269_850],
    // torchvision.models.resnet18, and the same net with a 3x3 stem and 10 classes.
    ['ResNet-18', 'resnet18', { ...imagenet, kernelQuantizer: null }, 11_689_512],
    ['ResNet-18, CIFAR', 'resnet18', { kernelQuantizer: null }, 11_173_962],
    ['ResNet-18, binary', 'resnet18', { ...imagenet }, 11_689_512],
  ])('%s', (_, name, options, count) => expect(parametersOf(name, options)).toBe(count));

  it('FDA: convolutions, BatchNorm, one slope a convolution, stem and head', () => {
    const convolutions = 9 * (6 * 16 ** 2 + 16 * 32 + 5 * 32 ** 2 + 32 * 64 + 5 * 64 ** 2);
    const norms = 2 * (16 + 6 * (16 + 32 + 64));
    expect(parametersOf('resnet20-fda', {})).toBe(convolutions + norms + 18 + 27 * 16 + 650);
  });

  it('QuickNet: 13,234,088 with its fixed blur kernels (Larq Zoo)', () => {
    expect(parametersOf('quicknet', imagenet) + 9 * (64 + 128 + 256)).toBe(13_234_088);
  });

  it('ReActNet-A: 29.3 million, 28,253,184 of them binary', () => {
    const model = createModel('reactnet-a', { ...mnist, ...imagenet });
    expect(summary(model).total.binaryParams).toBe(28_253_184);
    expect((elements(model.trainableWeights) / 1e6).toFixed(1)).toBe('29.3');
    const inputs = quantLayersOf(model).map((layer) => layer.slots.get('input')?.quantizer.name);
    expect(inputs.filter((quantizer) => quantizer === 'rsign').length).toBe(13 + 13 + 5);
    model.dispose();
  });
});

describe('padding as in PyTorch', () => {
  // torch.nn.Conv2d(1, 1, 3, stride=2, padding=1) sees rows -1, 1, 3, ... first; 'same' would begin at 0.
  it.each(['resnet20-fda', 'resnet20-irnet', 'resnet18', 'reactnet-a'] as const)('of %s', (name) => {
    const model = createModel(name, { ...mnist, inputShape: [32, 32, 3], width: 0.05 });
    const halving = model.layers.filter((layer) => {
      const { kernelSize, strides } = layer.getConfig() as { kernelSize?: number[]; strides?: number[] };
      return kernelSize?.[0] === 3 && strides?.[0] === 2;
    });
    expect(halving.length).toBeGreaterThan(1);
    for (const layer of halving) expect(layer.getConfig()).toMatchObject({ padding: [[1, 1], [1, 1]] }); // prettier-ignore
  });
});

describe.each(modelNames)('%s', (name) => {
  it('gives finite logits on MNIST and CIFAR shapes and is described', () => {
    expect(listModels().find((info) => info.name === name)!.description.length).toBeGreaterThan(20);
    for (const inputShape of [
      [28, 28, 1],
      [32, 32, 3],
      [9, 11, 2],
    ] as const) {
      const model = createModel(name, { ...mnist, inputShape, width: 0.05 });
      expect(model.outputs[0]!.shape).toEqual([null, 10]);
      const logits = tf.tidy(() => (model.predict(inputsFor(model, 1, 1)) as tf.Tensor).dataSync());
      expect(logits.every(Number.isFinite)).toBe(true);
      model.dispose();
    }
  });

  it('has the same weights for the same seed, others for another', () => {
    expect(weightsOf(tiny(name, { seed: 3 }))).toEqual(weightsOf(tiny(name, { seed: 3 })));
    const [a, b] = [tiny(name, { seed: 3 }), tiny(name, { seed: 4 })].map((model) => quantizedKernels(model));
    a!.forEach(({ variable }, i) =>
      expect([...variable.dataSync()]).not.toEqual([...b![i]!.variable.dataSync()]),
    );
    // No two layers of a model share their initial values.
    const first = a!.map(({ variable }) => variable.dataSync()[0]);
    expect(new Set(first).size).toBe(first.length);
  });

  it('is binary where it says: hardened kernels and inputs of +-1', () => {
    const model = tiny(name);
    withQuantizedWeights(model, () =>
      quantizedKernels(model).forEach(({ variable }) =>
        expect(variable.dataSync().every((v) => v === 1 || v === -1)).toBe(true),
      ),
    );
    const quantized = quantLayersOf(model).filter((layer) => layer.slots.has('kernel'));
    const binary = quantized.filter((layer) => layer.slots.has('input'));
    expect(quantized.length - binary.length).toBe(name === 'cnn' ? 1 : 0);
    expect(checkModel(model).warnings).toEqual([]);
  });

  it('learns, by every weight, without leaking tensors, and is saved as it is', async () => {
    const model = tiny(name);
    const [x, labels] = [inputsFor(model, 6, 2), tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2], 'int32'), 3)];
    const optimizer = tf.train.adam(0.02);
    const variables = model.trainableWeights.map((w) => w.read() as tf.Variable);
    const before = variables.map((v) => v.dataSync().slice());
    const loss = () =>
      tf.losses.softmaxCrossEntropy(labels, model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
    const step = () => tf.tidy(() => optimizer.minimize(loss, true, variables)!.dataSync()[0]!);
    const losses = [step()];
    const tensors = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) losses.push(step());
    expect(tf.memory().numTensors).toBe(tensors);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    variables.forEach((v, i) => expect([...v.dataSync()], v.name).not.toEqual([...before[i]!]));
    const saved = await new Promise<tf.io.ModelArtifacts>((resolve) => {
      void model.save(
        tf.io.withSaveHandler(async (artifacts) => {
          resolve(artifacts);
          return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
        }),
      );
    });
    const loaded = await tfl.loadLayersModel(tf.io.fromMemory(saved));
    const logits = (m: tfl.LayersModel) => [...(m.predict(x) as tf.Tensor).dataSync()];
    expect(logits(loaded)).toEqual(logits(model));
    expect(withHardened(loaded, () => logits(loaded))).toEqual(logits(model));
  });
});

describe('options', () => {
  const slots = (model: tfl.LayersModel) =>
    Object.fromEntries(
      quantLayersOf(model).map((layer) => [
        layer.name,
        ['kernel', 'input'].map((slot) => layer.slots.get(slot)?.quantizer.name ?? null),
      ]),
    );

  it('put quantizers where they are asked for', () => {
    expect(slots(tiny('cnn', { kernelQuantizer: 'xnor', inputQuantizer: 'approx-sign' }))).toEqual({
      conv1: ['xnor', null],
      conv2: ['xnor', 'approx-sign'],
      conv3: ['xnor', 'approx-sign'],
      logits: ['xnor', 'approx-sign'],
    });
    expect(slots(tiny('cnn', { lastKernelQuantizer: null }))['logits']).toBeUndefined();
    expect(slots(tiny('mlp', { lastKernelQuantizer: null }))['logits']).toBeUndefined();
    expect(slots(tiny('resnet20', { lastKernelQuantizer: 'ste' }))['logits']).toEqual(['ste', 'ste']);
    const firsts = { firstKernelQuantizer: null, firstInputQuantizer: 'ste' };
    expect(slots(tiny('cnn', firsts))['conv1']).toEqual([null, 'ste']);
    expect(slots(tiny('mlp', firsts))['dense1']).toEqual([null, 'ste']);
    expect(slots(tiny('vgg-small', { firstKernelQuantizer: 'ste' }))['conv1']).toEqual(['ste', null]);
    const float = tiny('cnn', { kernelQuantizer: null });
    expect(slots(float)['conv2']).toEqual([null, null]);
    expect(summary(float).total.binaryParams).toBe(0);
    expect(needsClock(tiny('cnn', { kernelQuantizer: 'ede' }))).toBe(true);
  });

  it('choose what vit-float-attention keeps in float', () => {
    const floats = (floatLayers: string[], more: Partial<ModelOptions> = {}) =>
      Object.entries(slots(tiny('vit-float-attention', { floatLayers, ...more })))
        .filter(([, [kernel]]) => kernel === null)
        .map(([name]) => name);
    expect(floats(['patch', 'logits'])).toEqual(['patch']);
    expect(floats([])).toEqual([]);
    expect(floats([], { firstKernelQuantizer: null })).toEqual(['patch']);
    expect(floats(['patch'], { firstKernelQuantizer: 'ste' })).toEqual([]);
    expect(floats(['qkv'])).toEqual(['block1_qkv', 'block2_qkv']);
    expect(floats(['block2'])).toEqual([
      'block2_qkv',
      'block2_projection',
      'block2_mlp_in',
      'block2_mlp_out',
    ]);
    expect(floats(['mlp', 'block1_projection'])).toEqual([
      'block1_projection',
      'block1_mlp_in',
      'block1_mlp_out',
      'block2_mlp_in',
      'block2_mlp_out',
    ]);
    const named = (name: string) =>
      tiny('vit-float-attention', { floatLayers: ['mlp'] })
        .getLayer(name)
        .getClassName();
    expect(named('block1_gelu')).toBe('Activation');
  });

  it('set padding and constraints', () => {
    const config = (options: Partial<ModelOptions>, layer = 'conv2') =>
      tiny('cnn', options).getLayer(layer).getConfig();
    expect(config({})).toMatchObject({ padValues: 0, kernelConstraint: { className: 'WeightClip' } });
    expect(config({ padValues: 1, kernelConstraint: null })).toMatchObject({
      padValues: 1,
      kernelConstraint: null,
    });
    // A float input is padded with 0.
    expect(config({ padValues: 1 }, 'conv1')).toMatchObject({ padValues: 0 });
  });

  it('are checked', () => {
    const code = (name: string, options: object) => codeOf(() => createModel(name, { ...mnist, ...options }));
    expect(code('nobody', {})).toBe('unknown-name');
    expect(code('toString', {})).toBe('unknown-name');
    expect(code('cnn', { inputShape: [28, 28] })).toBe('invalid-option');
    expect(code('cnn', { inputShape: [3, 3, 1] })).toBe('invalid-option');
    expect(code('cnn', { classes: 0 })).toBe('invalid-option');
    expect(code('cnn', { seed: 0.5 })).toBe('invalid-option');
    expect(code('cnn', { width: -1 })).toBe('invalid-option');
    expect(code('mlp', { hidden: [] })).toBe('invalid-option');
    for (const bad of [{ depth: 0 }, { heads: 1.5 }, { patchSize: -1 }, { mlpRatio: 0 }, { pooling: 'max' }])
      expect(code('vit-float-attention', bad)).toBe('invalid-option');
    expect(code('vit-float-attention', { floatLayers: ['block5'] })).toBe('invalid-option');
    expect(code('vit-float-attention', { floatLayers: 'qkv' })).toBe('invalid-option');
    expect(code('cnn', { kernelQuantizer: undefined })).toBe('invalid-option');
    expect(code('cnn', { kernelQuantizer: 'nobody' })).toBe('unknown-name');
  });

  it('that are undefined have their defaults', () => {
    const count = (options: object) =>
      createModel('vit-float-attention', { ...mnist, width: 0.1, ...options }).layers.length;
    expect(count({ depth: undefined, heads: undefined, pooling: undefined, seed: undefined })).toBe(
      count({}),
    );
  });

  it("that are not known, or are another model's, are named", () => {
    const message = (name: string, options: object): string => {
      try {
        createModel(name, { ...mnist, ...options });
      } catch (error) {
        return (error as Error).message;
      }
      return 'accepted';
    };
    expect(message('cnn', { widht: 2 })).toMatch(
      /createModel\('cnn'\) has no option "widht".*Did you mean "width"\?/,
    );
    expect(message('cnn', { kernel_quantizer: 'ste' })).toMatch(/Did you mean "kernelQuantizer"\?/);
    for (const [model, options] of [
      ['mlp', { depth: 2 }],
      ['mlp', { padValues: 1 }],
      ['tfc', { hidden: [4] }],
      ['cnn', { pooling: 'mean' }],
      ['vit-float-attention', { hidden: [4] }],
      ['resnet20', { heads: 2 }],
    ] as const)
      expect(message(model, options)).toMatch(
        /option ".*" of createModel\(.*expected none: it is an option of/,
      );
    expect(message('cnn', { batchNormMomentum: 2 })).toMatch(/a number from 0 to 1/);
    expect(message('resnet-20', {})).toMatch(/Did you mean "resnet20"\?/);
    for (const [name, options] of [
      [undefined, mnist],
      ['cnn', undefined],
      ['cnn', null],
      ['cnn', 'mnist'],
      [mnist, 'cnn'],
    ])
      expect(['invalid-option', 'unknown-name']).toContain(codeOf(() => createModel(name as never, options as never))); // prettier-ignore
  });
});

it('kernels that begin by fan-in are U(+-1 / sqrt(fan-in)), as in PyTorch', () => {
  const model = createModel('resnet20-fda', {
    ...mnist,
    inputShape: [8, 8, 3],
    initializer: 'fan-in',
    seed: 3,
  });
  const fanIns = { stem: 27, stage1_block1_conv1: 144, stage2_block1_conv1: 144, stage3_block2_conv2: 576, logits: 64 }; // prettier-ignore
  for (const [name, fanIn] of Object.entries(fanIns)) {
    const values = Array.from(model.getLayer(name).getWeights()[0]!.dataSync());
    const bound = 1 / Math.sqrt(fanIn);
    expect(Math.max(...values.map(Math.abs)), name).toBeLessThanOrEqual(bound);
    // The variance of a uniform distribution is a third of its bound squared.
    const variance = values.reduce((sum, w) => sum + w * w, 0) / values.length;
    expect(variance / (bound * bound), name).toBeCloseTo(1 / 3, 1);
  }
  model.dispose();
});
