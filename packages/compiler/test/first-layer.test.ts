// The float convolution of bytes at the start: as integers where the samples bear it, in float where it is not asked for.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { jsEngine, type ConvOp, type PackedModel } from '@bitgrad/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileModel, graphOutputs, type CompileOptions } from '../src/index.js';
import { integerThresholds } from '../src/packing/probe.js';
import { randomBytes } from './helpers.js';

beforeAll(() => tf.setBackend('cpu'));

const [size, filters] = [6, 5];

const model = (): tfl.Sequential => {
  const net = tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        filters,
        kernelSize: 3,
        padding: 'same',
        inputShape: [size, size, 3],
        name: 'stem',
      }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3, name: 'logits' }),
    ],
  });
  const values = (shape: number[], by: number) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return tf.tensor(
      Float32Array.from({ length: count }, (_, i) => Math.sin(by * i + 1) * 2 ** -(i % 5)),
      shape,
    );
  };
  const weights = [
    values([3, 3, 3, filters], 3),
    values([filters], 5),
    values([size * size * filters, 3], 7),
    tf.zeros([3]),
  ];
  net.setWeights(weights);
  tf.dispose(weights);
  return net;
};

const samples = randomBytes(20 * size * size * 3, 3);
const common: CompileOptions = {
  input: 'u8',
  normalization: { mean: [127.5], std: [127.5] },
  samples,
  lastLayer: 'float',
};

const convs = ({ plan }: PackedModel): ConvOp[] => plan.ops.filter((op): op is ConvOp => op.op === 'conv');
const types = (packed: PackedModel): string[] =>
  convs(packed).map(({ weights: [w] }) => packed.plan.weights[w]!.type);

describe('first layer', () => {
  it('is two planes of integers, whose sums are those of weights of 15 bits', async () => {
    const net = model();
    const {
      model: packed,
      firstLayer,
      agreement,
    } = await compileModel(net, { ...common, firstLayer: 'auto' });
    expect(firstLayer).toBe('integers');
    expect(types(packed)).toEqual(['i8', 'i8']);
    const [high, low] = convs(packed);
    // A normalized 0 is 127.5 bytes: 255 halves.
    expect([high!.shift, high!.padValue, low!.shift, low!.padValue]).toEqual([8, 255 * 128, 1, 255]);
    expect(agreement.bound).toBe(0.05);
    // Each weight is off by at most half a step of its channel, and inputs are at most 1.
    const logits = Array.from(net.getLayer('logits').getWeights()[0]!.dataSync(), Math.abs);
    const most = (27 * 0.5) / (127 * 128 + 63);
    const bound = (3 * logits.reduce((a, b) => a + b, 0) * most) / 3 + 1e-5;
    const executable = await jsEngine().compile(packed);
    const got = executable.run(samples);
    const want = graphOutputs(net, packed, samples);
    for (let i = 0; i < got.length; i++) expect(Math.abs(got[i]! - want[i]!)).toBeLessThan(bound);
    expect(agreement.maxDifference).toBeGreaterThan(0);
  });

  it('stays in float by default, without samples, and where the metric falls', async () => {
    const { model: float } = await compileModel(model(), common);
    const outputs = (await jsEngine().compile(float)).run(samples);
    // What float arithmetic rounds otherwise is a tenth of what rounded weights move.
    const near = (values: Float32Array): boolean => values.every((v, i) => Math.abs(v - outputs[i]!) < 1e-5);
    const falling = { measure: (values: Float32Array) => (near(values) ? 1 : 0), maxLoss: 0.5 };
    for (const options of [
      {},
      { firstLayer: 'auto', samples: undefined },
      { firstLayer: 'auto', metric: falling },
    ] as const) {
      const { model: packed, firstLayer } = await compileModel(model(), {
        ...common,
        ...options,
      } as CompileOptions);
      expect([firstLayer, types(packed)]).toEqual(['float', ['f32']]);
    }
  });

  it('is refused where the samples do not bear it', async () => {
    await expect(
      compileModel(model(), { ...common, firstLayer: 'integers', tolerance: 1e-6 }),
    ).rejects.toMatchObject({
      code: 'verification-failed',
      message: expect.stringMatching(/first layer in integers.*Use firstLayer: 'float'/s) as string,
    });
  });

  it('is refused where bytes have no integers for padding, and on floats', async () => {
    const uneven = { mean: [127.5, 120, 110], std: [127.5, 60, 60] };
    for (const options of [
      { normalization: uneven },
      { normalization: { mean: [100.3], std: [51.7] } },
      { input: 'f32', samples: undefined },
    ] as const) {
      await expect(
        compileModel(model(), { ...common, ...options, firstLayer: 'integers' } as CompileOptions),
      ).rejects.toMatchObject({
        code: 'unsupported-op',
        message: expect.stringMatching(/in integers/) as string,
      });
      const { firstLayer } = await compileModel(model(), {
        ...common,
        ...options,
        firstLayer: 'auto',
      } as CompileOptions);
      expect(firstLayer).toBe('input' in options ? null : 'float');
    }
  });

  it('finds thresholds of sums beyond 2^24, where integers are no longer float32', () => {
    const at = 2 ** 27 + 2 ** 10;
    const evaluate = (values: Float32Array) => values.map((x) => (x >= at ? 1 : -1));
    expect(integerThresholds([-(2 ** 30), 2 ** 30], 1, evaluate, 'x')).toEqual([{ t: at, flip: 0 }]);
  });
});
