// What a training step is made of beside products: normalization, the loss, the optimizers.
import * as tf from '@tensorflow/tfjs-core';
import { adamStep, batchNormTrain, momentumStep, softmaxCrossEntropy } from '@bitgrad/core';
import { defineCase, type ConformanceCase } from '../case.js';
import { expectCloseInScale } from '../compare.js';
import { checkOp, normal, run, sizeOf, type TrainingSession, type Values } from './session.js';

/** Batch normalization in float64, with the gradients by x, gamma and beta (Ioffe and Szegedy, arXiv 1502.03167). */
function normalization(x: Values, gamma: Values, beta: Values, epsilon: number) {
  const c = gamma.values.length;
  const count = x.values.length / c;
  const [mean, variance] = [new Float64Array(c), new Float64Array(c)];
  x.values.forEach((v, i) => (mean[i % c]! += v / count));
  x.values.forEach((v, i) => (variance[i % c]! += (v - mean[i % c]!) ** 2 / count));
  const hat = Float64Array.from(
    x.values,
    (v, i) => (v - mean[i % c]!) / Math.sqrt(variance[i % c]! + epsilon),
  );
  return {
    mean,
    variance,
    value: hat.map((h, i) => gamma.values[i % c]! * h + beta.values[i % c]!),
    gradients(dy: Float64Array) {
      const [dgamma, dbeta] = [new Float64Array(c), new Float64Array(c)];
      dy.forEach((d, i) => {
        dgamma[i % c]! += d * hat[i]!;
        dbeta[i % c]! += d;
      });
      const dx = dy.map((d, i) => {
        const j = i % c;
        const centred = d - (dbeta[j]! + hat[i]! * dgamma[j]!) / count;
        return (gamma.values[j]! / Math.sqrt(variance[j]! + epsilon)) * centred;
      });
      return [dx, dgamma, dbeta];
    },
  };
}

const batchNorm = defineCase<TrainingSession>(
  'batchNormTrain, its statistics and its gradients',
  async (session) => {
    for (const shape of [
      [3, 4, 4, 5],
      [6, 7],
      [9, 1],
    ]) {
      const c = shape.at(-1)!;
      const inputs = [normal('normalized', shape, 2), normal('gamma', [c]), normal('beta', [c])] as const;
      const want = normalization(...inputs, 1e-3);
      const label = `batchNormTrain [${shape}]`;
      await checkOp(
        {
          label,
          inputs,
          f: (x, gamma, beta) => batchNormTrain(x!, gamma!, beta!, 1e-3).y,
          value: () => want.value,
          gradients: (dy) => want.gradients(dy),
        },
        // Differences of nearly equal sums: one digit is lost.
        { ...session, tolerance: (session.tolerance ?? 1e-5) * 10 },
      );
      const [mean, variance] = await run((x, gamma, beta) => {
        const result = batchNormTrain(x!, gamma!, beta!, 1e-3);
        return [result.mean, result.variance];
      }, inputs);
      expectCloseInScale(`mean of ${label}`, mean!, want.mean, session.tolerance ?? 1e-5);
      expectCloseInScale(`variance of ${label}`, variance!, want.variance, session.tolerance ?? 1e-5);
    }
  },
);

const inference = defineCase<TrainingSession>('batchNorm with given statistics', async (session) => {
  const [x, mean, beta, gamma] = ['x', 'mean', 'beta', 'gamma'].map((name, i) =>
    normal(name, i === 0 ? [3, 4, 4, 5] : [5]),
  ) as [Values, Values, Values, Values];
  const variance = { shape: [5], values: normal('variance', [5]).values.map((v) => v * v) };
  const scale = (j: number) => gamma.values[j]! / Math.sqrt(variance.values[j]! + 1e-3);
  await checkOp(
    {
      label: 'batchNorm',
      inputs: [x, mean, variance, beta, gamma],
      f: (...t) =>
        tf.batchNorm(
          t[0]!,
          t[1] as tf.Tensor1D,
          t[2] as tf.Tensor1D,
          t[3] as tf.Tensor1D,
          t[4] as tf.Tensor1D,
          1e-3,
        ),
      value: () => x.values.map((v, i) => (v - mean.values[i % 5]!) * scale(i % 5) + beta.values[i % 5]!),
    },
    session,
  );
});

const loss = defineCase<TrainingSession>(
  'softmaxCrossEntropy and its gradient, large logits too',
  async (session) => {
    for (const [n, k, spread] of [
      [4, 10, 1],
      [1, 2, 1],
      [3, 5, 300],
    ] as const) {
      const plain = normal('logits', [n, k]);
      const logits = { shape: plain.shape, values: plain.values.map((v) => v * spread) };
      const labels = { shape: [n, k], values: new Float32Array(n * k) };
      for (let i = 0; i < n; i++) labels.values[i * k + ((i * 3) % k)] = 1;
      const row = (i: number) => logits.values.subarray(i * k, i * k + k);
      const logSum = (i: number) => {
        const top = Math.max(...row(i));
        return top + Math.log(row(i).reduce((sum, v) => sum + Math.exp(v - top), 0));
      };
      await checkOp(
        {
          label: `softmaxCrossEntropy [${n}, ${k}] of logits about ${spread}`,
          inputs: [logits],
          f: (t) => softmaxCrossEntropy(t as tf.Tensor2D, tf.tensor2d(labels.values, [n, k])),
          value: () => Array.from({ length: n }, (_, i) => logSum(i) - row(i)[(i * 3) % k]!),
          gradients: (dy) => [
            Float64Array.from(logits.values, (v, i) => {
              const at = Math.floor(i / k);
              return dy[at]! * (Math.exp(v - logSum(at)) - labels.values[i]!);
            }),
          ],
        },
        session,
      );
    }
  },
);

const adam = defineCase<TrainingSession>('adamStep', async ({ tolerance = 1e-5 }) => {
  const shape = [3, 3, 5, 7];
  const [value, gradient, m, plainV] = ['value', 'gradient', 'm', 'v'].map((name) => normal(name, shape));
  const v = { shape, values: plainV!.values.map((t) => t * t) };
  const options = {
    learningRate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-7,
    correction1: 0.271,
    correction2: 0.003,
  };
  const got = await run((...t) => adamStep(t[0]!, t[1]!, t[2]!, t[3]!, options), [value!, gradient!, m!, v]);
  const want = [0, 1, 2].map(() => new Float64Array(sizeOf(shape)));
  value!.values.forEach((w, i) => {
    const g = gradient!.values[i]!;
    want[1]![i] = 0.9 * m!.values[i]! + 0.1 * g;
    want[2]![i] = 0.999 * v.values[i]! + 0.001 * g * g;
    want[0]![i] = w - (0.01 * (want[1]![i]! / 0.271)) / (Math.sqrt(want[2]![i]! / 0.003) + 1e-7);
  });
  ['value', 'm', 'v'].forEach((name, i) =>
    expectCloseInScale(`${name} after adamStep`, got[i]!, want[i]!, tolerance),
  );
});

const momentum = defineCase<TrainingSession>(
  'momentumStep, plain and Nesterov',
  async ({ tolerance = 1e-5 }) => {
    const shape = [5, 9];
    const [value, gradient, velocity] = ['value', 'gradient', 'velocity'].map((name) => normal(name, shape));
    for (const nesterov of [false, true]) {
      const options = { learningRate: 0.1, momentum: 0.9, nesterov };
      const got = await run(
        (...t) => momentumStep(t[0]!, t[1]!, t[2]!, options),
        [value!, gradient!, velocity!],
      );
      const next = velocity!.values.map((u, i) => 0.9 * u + gradient!.values[i]!);
      const moved = value!.values.map((w, i) => {
        const direction = nesterov ? gradient!.values[i]! + 0.9 * next[i]! : next[i]!;
        return w - 0.1 * direction;
      });
      expectCloseInScale(`value after momentumStep (nesterov ${nesterov})`, got[0]!, moved, tolerance);
      expectCloseInScale(`velocity after momentumStep (nesterov ${nesterov})`, got[1]!, next, tolerance);
    }
  },
);

/** Cases of the ops of a training step. */
export const trainingOpCases: readonly ConformanceCase<TrainingSession>[] = [
  batchNorm,
  inference,
  loss,
  adam,
  momentum,
];
