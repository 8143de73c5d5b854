// What a verification must notice and what it must not: differences of one output, of pixels and of sigmoids; int8 that
// changes answers; ties that the graph's own rounding decides; wrong engines.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRng, use } from '@bitgrad/core';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { batchNorm, quantConv2d, quantDense } from '@bitgrad/layers';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { jsEngine, type Engine, type PackedModel } from '@bitgrad/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import { bounds } from '../src/bounds.js';
import { compileModel, lowerings, verifyModel } from '../src/index.js';
import { mistakes } from './support/mistakes.js';

beforeAll(async () => {
  use(stePlugin);
  await tf.setBackend('cpu');
});

const q = { kernelQuantizer: 'ste', inputQuantizer: 'ste', useBias: false, seed: 3 } as const;
const first = { kernelQuantizer: 'ste', useBias: false, seed: 3 } as const;
const floats = (count: number, seed = 5): Float32Array => {
  const rng = createRng(seed);
  return Float32Array.from({ length: count }, () => rng.normal());
};
const failed = { code: 'verification-failed' };
const normal = (stddev: number) => tfl.initializers.randomNormal({ stddev, seed: 3 });

/** Outputs off by a tenth of the first, as a wrong scale would make them. */
const scaled = (packed: PackedModel): PackedModel => ({
  ...packed,
  weights: packed.weights.map((w, i) => {
    const used = packed.plan.ops.findLast((op) => op.op === 'dense')!.weights![0] === i;
    return used ? (w as Float32Array).map((x) => 1.1 * x) : w;
  }),
});

const regression = (): tfl.Sequential =>
  tfl.sequential({
    layers: [
      quantDense({ units: 32, inputShape: [8], ...first }),
      batchNorm({}),
      tfl.layers.dense({ units: 1, kernelInitializer: normal(0.3) }),
    ],
  });
const labels = (): tfl.Sequential =>
  tfl.sequential({
    layers: [
      quantDense({ units: 32, inputShape: [8], ...first }),
      tfl.layers.dense({ units: 5, activation: 'sigmoid', kernelInitializer: normal(0.05) }),
    ],
  });
const pixels = (): tfl.Sequential =>
  tfl.sequential({
    layers: [
      quantConv2d({ filters: 8, kernelSize: 3, padding: 'same', inputShape: [4, 4, 2], ...first }),
      tfl.layers.dense({ units: 3, kernelInitializer: normal(0.3) }),
    ],
  });
const tokens = (): tfl.Sequential =>
  tfl.sequential({
    layers: [
      quantDense({ units: 8, inputShape: [5, 6], ...first }),
      tfl.layers.dense({ units: 2, kernelInitializer: normal(0.3) }),
    ],
  });

describe.each([
  ['one output', regression],
  ['sigmoids', labels],
  ['classes of pixels', pixels],
  ['classes of tokens', tokens],
])('%s', (_, create) => {
  it('is bounded: outputs a tenth too large fail, right ones pass within a millionth of the spread', async () => {
    const model = create();
    const { model: packed, agreement } = await compileModel(model, { lastLayer: 'float' });
    expect(agreement).toMatchObject({ bound: 1e-4, ties: 0, argmax: 1 });
    expect(agreement.relativeDifference).toBeLessThan(1e-5);
    await expect(verifyModel(model, scaled(packed))).rejects.toMatchObject(failed);
    expect(await verifyModel(model, scaled(packed), { tolerance: 1 })).toMatchObject({ bound: 1, ties: 0 });
    model.dispose();
  });

  it('is never int8 by auto, whatever the samples say', async () => {
    const model = create();
    const size = model.inputs[0]!.shape.slice(1).reduce<number>((a, b) => a * b!, 1);
    expect((await compileModel(model, { samples: floats(64 * size) })).lastLayer).toBe('float');
    model.dispose();
  });
});

it('rows are compared along the last axis: one wrong pixel class is seen in the share', async () => {
  const model = pixels();
  const { model: packed } = await compileModel(model);
  const agreement = await verifyModel(model, scaled(packed), { samples: floats(20 * 32), tolerance: 1 });
  expect(agreement).toMatchObject({ samples: 20, rows: 320 });
  model.dispose();
});

describe('int8', () => {
  /** One weight of 300 beside ones: the step of 8 bits is larger than all that the others say. */
  const uneven = (units: number): tfl.Sequential => {
    const model = tfl.sequential({
      layers: [
        quantDense({ units: 4, inputShape: [4], ...first }),
        tfl.layers.dense({ units, useBias: false }),
      ],
    });
    const rows = [1, 1, 1, 1, 1, -1, 1, 1, 1, 1, -1, 1, 1, 1, 1, -1];
    model.layers[0]!.setWeights([tf.tensor2d(rows, [4, 4])]);
    const kernel = Array.from({ length: 4 }, (_, i) => Array.from({ length: units }, (_, j) => (i === 0 ? 300 : (i === j + 1 ? -1 : 1)))); // prettier-ignore
    model.layers[1]!.setWeights([tf.tensor2d(kernel)]);
    return model;
  };
  /** Rows whose sum, the input of the weight of 300, is 0. */
  const balanced = Float32Array.from(
    Array.from({ length: 64 }, (_, i) => {
      const [a, b, c] = [Math.sin(i), Math.cos(3 * i), Math.sin(5 * i)];
      return [a, b, c, -(a + b + c)];
    }).flat(),
  );

  it('that moves outputs beyond the bound is not taken, and an error where it is asked for', async () => {
    for (const units of [1, 3]) {
      const model = uneven(units);
      expect((await compileModel(model, { samples: balanced })).lastLayer).toBe('float');
      await expect(compileModel(model, { samples: balanced, lastLayer: 'int8' })).rejects.toMatchObject(
        failed,
      );
      model.dispose();
    }
  });

  it('of a regression is bounded by the spread, and a metric of one own decides too', async () => {
    const model = regression();
    const samples = floats(8 * 200);
    const { agreement, lastLayer } = await compileModel(model, { samples, lastLayer: 'int8' });
    expect(lastLayer).toBe('int8');
    expect(agreement).toMatchObject({ bound: 0.05, samples: 200 });
    expect(agreement.relativeDifference).toBeGreaterThan(1e-4);
    expect(agreement.relativeDifference).toBeLessThan(0.05);
    const want = await compileModel(model, { samples, lastLayer: 'float' });
    const executable = await jsEngine().compile(want.model);
    const truth = executable.run(samples);
    const measure = (y: Float32Array, n: number): number => -y.reduce((sum, v, i) => sum + Math.abs(v - truth[i]!), 0) / n; // prettier-ignore
    const metric = { measure, maxLoss: 1e-6 };
    expect(
      (await compileModel(model, { samples, metric, lastLayer: 'float' })).agreement.metric!.packed,
    ).toBeCloseTo(0, 10);
    await expect(compileModel(model, { samples, metric, lastLayer: 'int8' })).rejects.toThrow(
      /metric.*maxLoss/s,
    );
    model.dispose();
  });
});

describe('ties', () => {
  // Bytes scaled to odd multiples of 1 / 255: at borders padded with zeros, an even number of them sums to 0, exactly in
  // integers and not in the graph's floats.
  const normalization = { mean: [127.5], std: [127.5] };
  const net = (filters: number, shape: (number | null)[] = [10, 10, 1]): tfl.LayersModel => {
    const input = tfl.input({ shape });
    let x = quantConv2d({ filters, kernelSize: 3, padding: 'same', ...first }).apply(input);
    x = quantConv2d({ filters: 8, kernelSize: 3, ...q }).apply(x as tfl.SymbolicTensor);
    const end = shape[0] === null ? tfl.layers.globalAveragePooling2d({}) : tfl.layers.flatten();
    x = end.apply(x as tfl.SymbolicTensor);
    x = quantDense({ units: 4, ...(shape[0] === null ? first : q) }).apply(x as tfl.SymbolicTensor);
    return tfl.model({ inputs: input, outputs: x as tfl.SymbolicTensor });
  };
  /** Bytes near the middle, whose sums are often 0. */
  const bytes = (count: number): Uint8Array => {
    const rng = createRng(8);
    return Uint8Array.from({ length: count * 100 }, () => 126 + rng.integer(4));
  };

  it.each([
    ['fixed', () => net(16)],
    ['open', () => net(16, [null, null, 1])],
  ])('that the graph decides by rounding pass, and are counted (%s size)', async (_, create) => {
    const model = create();
    const options = { input: 'u8', normalization, samples: bytes(24), inputShape: [10, 10, 1] } as const;
    const weights = model.weights.map((w) => [...w.read().dataSync()]);
    const tensors = tf.memory().numTensors;
    const { agreement } = await compileModel(model, options);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(model.weights.map((w) => [...w.read().dataSync()])).toEqual(weights);
    expect(agreement.ties).toBeGreaterThan(0);
    expect(agreement.relativeDifference).toBeGreaterThan(0.01);
    model.dispose();
  });

  it('hide no mistake', async () => {
    const model = net(16);
    const options = { normalization, samples: bytes(24) };
    const { model: packed } = await compileModel(model, { input: 'u8', ...options });
    let tried = 0;
    for (const kind of [
      'flip bit',
      'threshold off by one',
      'one weight',
      'padding value',
      'padding on the other side',
      'rows of weights swapped',
      'kernel transposed',
      'height for width',
    ])
      // prettier-ignore
      for (let seed = 0; seed < 2; seed++) {
        const wrong = mistakes[kind]!({ packed, rng: createRng(seed) });
        if (!wrong) continue;
        const [a, b] = await Promise.all([packed, wrong].map(async (m) => (await jsEngine().compile(m)).run(options.samples))); // prettier-ignore
        if (a!.every((v, i) => v === b![i])) continue;
        tried += 1;
        await expect(verifyModel(model, wrong, options), kind).rejects.toMatchObject(failed);
      }
    expect(tried).toBeGreaterThan(5);
    model.dispose();
  });
});

it('a sum of levels that are all 0 is exactly 0, however its kernel is scaled: its sign hides no mistake', async () => {
  const model = tfl.sequential({
    layers: [
      quantDense({ units: 8, inputShape: [6], kernelQuantizer: 'xnor', inputQuantizer: 'dorefa', useBias: false, seed: 3 }), // prettier-ignore
      quantDense({ units: 3, ...q }),
    ],
  });
  // Negative inputs have the level 0 of dorefa.
  const samples = floats(6 * 20).map((x) => -Math.abs(x) - 1);
  const { model: packed } = await compileModel(model, { samples });
  const at = packed.plan.ops.findIndex(({ op }) => op === 'threshold');
  const index = packed.plan.ops[at]!.weights![0]!;
  const off = (packed.weights[index] as Float32Array).map((t, c) => (c === 0 ? t + 0.01 : t));
  const wrong = { ...packed, weights: packed.weights.with(index, off) };
  await expect(verifyModel(model, wrong, { samples })).rejects.toMatchObject(failed);
  model.dispose();
});

it('every layer that compiles has an error bound', () => {
  expect(Object.keys(lowerings).filter((name) => !bounds[name])).toEqual([]);
});

describe('engines', () => {
  /** An engine that answers wrongly where it is told to. */
  const broken = (name: string, change: (outputs: Float32Array | Int32Array) => void): Engine => ({
    ...jsEngine(),
    name,
    compile: async (model) => {
      const inner = await jsEngine().compile(model);
      const spoilt = <T extends Float32Array | Int32Array>(outputs: T): T => (change(outputs), outputs);
      return { ...inner, run: (x, y) => spoilt(inner.run(x, y)), runAsync: async (x, y) => spoilt(await inner.runAsync(x, y)) }; // prettier-ignore
    },
  });

  it('are all verified, each by its name', async () => {
    const model = regression();
    const options = { samples: floats(8 * 100), lastLayer: 'float' } as const;
    const { agreement } = await compileModel(model, { ...options, engine: [wasmEngine(), jsEngine()] });
    expect(agreement.engines).toEqual(['wasm', 'js']);
    const off = broken('off', (y) => (y[3]! += 0.1));
    for (const engine of [off, [off, jsEngine()], [jsEngine(), off]])
      await expect(compileModel(model, { ...options, engine })).rejects.toThrow(/on engine "off"/);
    await expect(
      compileModel(model, { ...options, engine: broken('nan', (y) => (y[2] = NaN)) }),
    ).rejects.toThrow(/output 0 of the packed model on engine "nan" on sample 2: got NaN/);
    model.dispose();
  });
});
