// Configurations: a quantizer that is saved as JSON and made again has the same values, certificate and updates, so a
// run that is resumed goes on to the same bits.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import {
  advanceClock,
  createRegistry,
  initialClock,
  quantize,
  quantizerConfig,
  type LatentAccess,
  type Quantizer,
  type QuantizerSite,
  type TrainingClock,
} from '@bitgrad/core';
import { describe, expect, it } from 'vitest';
import { certify } from '@bitgrad/certificate';
import { proxConnectPlugin } from '../src/index.js';

const registry = createRegistry([proxConnectPlugin]);
const names = Object.keys(proxConnectPlugin.quantizers);
const site: QuantizerSite = { role: 'kernel', shape: [3, 4], channelAxes: [-1] };
const values = [0.4, -0.1, 0.03, -0.6, 0.2, 0.25, -0.3, 0.01, -0.02, 0.5, -0.45, 0.15];

const saved = (quantizer: Quantizer): Quantizer =>
  registry.quantizer(JSON.parse(JSON.stringify(quantizerConfig(quantizer))) as { name: string });

/** Trains w towards a target for some steps, from a state; gives the state after them. */
function train(quantizer: Quantizer, state: { w: number[]; clock: TrainingClock }, steps: number) {
  const variable = tf.variable(tf.tensor2d(state.w, [3, 4]));
  let { clock } = state;
  const latent: LatentAccess = {
    variables: [variable],
    quantize: (v) => quantize(quantizer, v, { site, clock }),
    clock: () => clock,
  };
  const sgd = tf.train.sgd(0.05);
  const optimizer = quantizer.wrapOptimizer?.(sgd, latent) ?? sgd;
  for (let i = 0; i < steps; i++) {
    const loss = () => tf.mean(tf.square(tf.sub(quantize(quantizer, variable, { site, clock }), 0.3)));
    const { value, grads } = tf.variableGrads(loss as () => tf.Scalar, [variable]);
    optimizer.applyGradients(grads);
    tf.dispose([value, grads]);
    clock = advanceClock(clock);
  }
  const w = [...variable.dataSync()];
  tf.dispose([variable]);
  optimizer.dispose();
  return { w, clock };
}

describe.each(names)('%s', (name) => {
  it('has the same certificate when it is made again from its config', () => {
    const original = registry.quantizer(name);
    const again = saved(original);
    const [a, b] = [certify(original), certify(again)];
    expect(b.holds).toBe(a.holds);
    expect(b.violations).toEqual(a.violations);
    expect(b.explain()).toBe(a.explain());
    expect(a.holds).toBe(original.certificate!.holds);
    expect(quantizerConfig(again)).toEqual(quantizerConfig(original));
  });

  it('goes on to the same bits when it is resumed', () => {
    const start = { w: values, clock: { ...initialClock, totalSteps: 20, learningRate: 0.05 } };
    const whole = train(registry.quantizer(name), start, 20);
    const half = train(registry.quantizer(name), start, 10);
    const resumed = train(
      saved(registry.quantizer(name)),
      JSON.parse(JSON.stringify(half)) as typeof half,
      10,
    );
    expect(resumed).toEqual(whole);
    expect(whole.w).not.toEqual(values.map(Math.fround));
  });

  it('ends within 1e-6 of its levels: nothing is left to harden', () => {
    const quantizer = registry.quantizer(name);
    const end: TrainingClock = { ...initialClock, totalSteps: 1000, step: 1000, learningRateSum: 1 };
    // Kernels of pq and rpc come to their levels by the optimizer's steps, not by F: see the update rules.
    const roles = quantizer.wrapOptimizer ? (['input'] as const) : (['kernel', 'input'] as const);
    for (const role of roles) {
      const x = tf.tensor2d(values, [3, 4]);
      const at = { site: { ...site, role }, clock: end, training: false };
      const soft = quantize(quantizer, x, at);
      const hard = quantize(quantizer, x, { ...at, hard: true });
      soft.dataSync().forEach((v, i) => expect(Math.abs(v - hard.dataSync()[i]!)).toBeLessThan(1e-6));
      tf.dispose([x, soft, hard]);
    }
  });
});

describe('the pull of rpc and pq', () => {
  it.each(['rpc', 'pq'])('brings the kernels of %s to the levels by the end of a run', (name) => {
    const quantizer = registry.quantizer(name);
    const start = { w: values, clock: { ...initialClock, totalSteps: 400, learningRate: 0.05 } };
    const variable = tf.variable(tf.tensor2d(start.w, [3, 4]));
    let { clock } = start;
    const access: LatentAccess = { variables: [variable], quantize: (v) => tf.clone(v), clock: () => clock };
    const sgd = tf.train.sgd(0.05);
    const optimizer = quantizer.wrapOptimizer!(sgd, access);
    for (let i = 0; i < 400; i++) {
      const zero = { [variable.name]: tf.zeros([3, 4]) };
      optimizer.applyGradients(zero);
      tf.dispose(zero);
      clock = advanceClock(clock);
    }
    const soft = quantize(quantizer, variable, { site, clock });
    soft.dataSync().forEach((v, i) => expect(v).toBeCloseTo(values[i]! >= 0 ? 1 : -1, 5));
    tf.dispose([variable, soft]);
    sgd.dispose();
  });
});
