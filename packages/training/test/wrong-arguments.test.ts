// What is passed by mistake is answered by a BitgradError, and options that do not exist are refused.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { wrongCalls } from '@bitgrad/tooling/wrong-arguments';
import * as exports from '../src/index.js';
import { startCpu, stripes, tinyModel } from './fixtures.js';

beforeAll(startCpu);

it('every exported function works or raises a BitgradError', async () => {
  const model = tinyModel();
  const train = stripes(4, 1);
  const trainer = () => exports.createTrainer({ model, train, epochs: 1 });
  const checkpoint = exports.loadCheckpoint(await exports.saveCheckpoint(trainer()));
  const clock = trainer().clock();
  expect(
    await wrongCalls(exports, {
      cases: {
        adam: { args: () => [{ learningRate: 1, beta1: 0.9, beta2: 0.9, epsilon: 1e-8 }], options: 0 },
        sgd: { args: () => [{ learningRate: 1, momentum: 0, nesterov: true }], options: 0 },
        bop: { args: () => [{ gamma: 1, gammaEnd: 1, threshold: 0 }], options: 0 },
        caseOptimizer: { args: () => [[{ test: () => true, optimizer: exports.adam() }], exports.sgd()] },
        createOptimizer: { args: () => [{ name: 'adam', beta1: 0.5 }, model], options: 0 },
        createTrainer: {
          args: () => [
            {
              model,
              train,
              test: train,
              epochs: 1,
              batchSize: 2,
              seed: 0,
              optimizer: { name: 'adam' },
              learningRate: 1,
              schedule: 'cosine',
              normalize: { mean: [0], std: [1] },
              augment: { shift: 1 },
              loss: exports.crossEntropy,
              evaluateEvery: 1,
              flipEvery: 1,
              yieldEveryMs: 1,
            },
          ],
          options: 0,
        },
        evaluate: {
          args: () => [
            model,
            train,
            { hard: true, batchSize: 1, yieldEveryMs: 0, onProgress: () => undefined },
          ],
          options: 2,
        },
        evaluateGap: { args: () => [model, train, { batchSize: 1 }], options: 2 },
        classCount: { args: () => [model] },
        isSoft: { args: () => [model] },
        binaryKernelNames: { args: () => [model] },
        baseRateOf: { args: () => [{ name: 'sgd', learningRate: 1 }] },
        saveCheckpoint: { args: () => [trainer(), { a: 1 }] },
        loadCheckpoint: { args: () => [new Uint8Array(30)] },
        restoreCheckpoint: { args: () => [trainer(), checkpoint] },
        checkConfig: { args: () => [{ a: 1 }, { a: 1 }] },
        crossEntropy: { args: () => [tf.zeros([2, 3]), tf.zeros([2, 3])] },
        learningRateAt: { args: () => [1, 'cosine', 0, 1] },
        resolveSchedule: {
          args: () => [{ kind: 'cosine', warmupSteps: 1, final: 0, factor: 1 }],
          options: 0,
        },
        wrapForQuantizers: { args: () => [model, exports.adam(), () => clock] },
        ClockCallback: {
          args: () => [{ learningRate: 1, schedule: 'cosine', stepsPerEpoch: 1 }],
          options: 0,
        },
        FlipRatioCallback: { args: () => [{ every: 1, onSample: () => undefined }], options: 0 },
      },
      skip: { StepOptimizer: 'an abstract class' },
    }),
  ).toEqual([]);
});
