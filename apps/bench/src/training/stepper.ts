// One training step of a tfjs model on a fixed random batch, timed by part.
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { createRng } from '@bitgrad/core';
import { CLASSES, type Net, type StepTimes } from './nets.js';

/** What differs between runners. */
export interface Trainee {
  readonly model: LayersModel;
  readonly optimizer: tf.Optimizer;
  loss(logits: tf.Tensor2D, labels: tf.Tensor2D): tf.Scalar;
}

/** A step's times and loss. */
export interface Step {
  readonly times: StepTimes;
  readonly loss: number;
}

/** @returns a function that runs one step */
export function createStepper({ model, optimizer, loss }: Trainee, net: Net, batch = net.batch): () => Step {
  const rng = createRng(1);
  const size = batch * net.shape.reduce((a, b) => a * b, 1);
  const images = tf.tensor(
    Float32Array.from({ length: size }, () => rng.normal()),
    [batch, ...net.shape],
  );
  const labels = tf.tensor2d(
    Array.from({ length: batch }, (_, i) =>
      Array.from({ length: CLASSES }, (_, k) => Number(k === i % CLASSES)),
    ),
  );
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  return () =>
    tf.tidy(() => {
      const start = performance.now();
      let forwardEnd = start;
      const { value, grads } = tf.variableGrads(() => {
        const result = loss(model.apply(images, { training: true }) as tf.Tensor2D, labels);
        forwardEnd = performance.now();
        return result;
      }, variables);
      const backwardEnd = performance.now();
      optimizer.applyGradients(grads);
      const result = value.dataSync()[0]!;
      const end = performance.now();
      return {
        loss: result,
        times: {
          forward: forwardEnd - start,
          backward: backwardEnd - forwardEnd,
          optimizer: end - backwardEnd,
        },
      };
    });
}
