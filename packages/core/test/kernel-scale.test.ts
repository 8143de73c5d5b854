// Signs times the mean magnitude of a layer or a channel: values and gradients by hand.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  defineQuantizer,
  defineSurrogate,
  E,
  quantize,
  scaledSignPair,
  type KernelScaleOptions,
} from '../src/index.js';

beforeAll(async () => void (await tf.setBackend('cpu')));

/** B(x) = 1 / (1 + x^2), which no scale hides. */
const bell = defineSurrogate({
  name: 'bell',
  options: {},
  formula: (x) => 1 / (1 + x * x),
  expression: () => E.div(1, E.add(1, E.mul(E.input('x'), E.input('x')))),
});
const asTensorCode = defineSurrogate({
  name: 'bell',
  options: {},
  formula: bell.formula,
  derivative: (x) => tf.div(1, tf.add(1, tf.square(x))),
});
const ws = [0.5, -1, 0.25, 2, -0.125, 0];
const dys = [1, 2, -1, 0.5, 4, 1];
/** A kernel [3, 2]: even elements are of channel 0. */
const meansOf = (per: string | undefined): number[] => {
  const mean = (values: number[]) => values.reduce((sum, w) => sum + Math.abs(w), 0) / values.length;
  const channel = (c: number) => mean(ws.filter((_, i) => i % 2 === c));
  return ws.map((_, i) => (per === 'layer' ? mean(ws) : per === 'channel' ? channel(i % 2) : 1));
};

describe.each([bell, asTensorCode])('a surrogate', (surrogate) => {
  it.each<KernelScaleOptions>([
    {},
    { scale: 'layer' },
    { scale: 'channel' },
    { scale: 'layer', scaledGradient: false },
    { scale: 'channel', scaledGradient: false },
  ])('with %o', (options) => {
    const quantizer = defineQuantizer({
      name: 'mine',
      options: {},
      description: '',
      ...scaledSignPair(options, surrogate),
    });
    const site = { role: 'kernel' as const, shape: [3, 2], channelAxes: [-1] };
    const scale = meansOf(options.scale);
    const run = (w: tf.Tensor) => quantize(quantizer, w, { site, training: true });
    const w = tf.tensor(ws, [3, 2]);
    const close = (actual: tf.Tensor, expected: number[]) =>
      actual.dataSync().forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 6));
    close(run(w), ws.map((x, i) => (x < 0 ? -1 : 1) * scale[i]!)); // prettier-ignore
    const factor = options.scaledGradient === false ? scale.map(() => 1) : scale;
    const gradient = tf.grad((x) => tf.sum(tf.mul(run(x), tf.tensor(dys, [3, 2]))))(w);
    close(gradient, ws.map((x, i) => dys[i]! * factor[i]! * bell.formula(x, {}))); // prettier-ignore
  });
});

it('leaves inputs alone, and gives a kernel of zeros values and gradients that are numbers', () => {
  const options = { scale: 'channel', scaledGradient: false } as const;
  const quantizer = defineQuantizer({
    name: 'mine',
    options: {},
    description: '',
    ...scaledSignPair(options, bell),
  });
  const x = tf.tensor([0.5, -2], [1, 2]);
  const input = quantize(quantizer, x, { site: { role: 'input', shape: [2], channelAxes: [-1] } });
  expect([...input.dataSync()]).toEqual([1, -1]);
  const site = { role: 'kernel' as const, shape: [2, 1], channelAxes: [-1] };
  const zeros = tf.zeros([2, 1]);
  expect([...quantize(quantizer, zeros, { site }).dataSync()]).toEqual([0, 0]);
  const gradient = tf.grad((w) => tf.sum(quantize(quantizer, w, { site })))(zeros);
  expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true);
});

it('a companion joins the gradient alone, before the scale, in training steps', () => {
  const pair = scaledSignPair({ scale: 'layer' }, bell);
  const companion = (x: tf.Tensor) => tf.mul(tf.square(x), 3);
  const quantizer = defineQuantizer({ name: 'mine', options: {}, description: '', ...pair, companion });
  const site = { role: 'kernel' as const, shape: [3, 2], channelAxes: [-1] };
  const [w, scale] = [tf.tensor(ws, [3, 2]), meansOf('layer')];
  const gradientOf = (training: boolean, hard = false) =>
    [...tf.grad((x) => tf.sum(quantize(quantizer, x, { site, training, hard })))(w).dataSync()]; // prettier-ignore
  const value = (training: boolean) => [...quantize(quantizer, w, { site, training }).dataSync()];
  expect(value(true)).toEqual(value(false));
  gradientOf(true).forEach((g, i) =>
    expect(g).toBeCloseTo(scale[i]! * (bell.formula(ws[i]!, {}) + 6 * ws[i]!), 5),
  );
  for (const plain of [gradientOf(false), gradientOf(true, true)])
    plain.forEach((g, i) => expect(g).toBeCloseTo(scale[i]! * bell.formula(ws[i]!, {}), 6));
});
