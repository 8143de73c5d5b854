// A worker thread that computes gradients on the native backend.
import { parentPort } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { native } from '../../src/index.js';

const adapter = native({ threads: 2 });
await adapter.start();
const wave = (shape: number[]): tf.Tensor =>
  tf.reshape(tf.sin(tf.range(1, 1 + tf.util.sizeFromShape(shape))), shape);
const signs = (shape: number[]): tf.Tensor =>
  tf.sub(tf.mul(tf.cast(tf.greater(wave(shape), 0), 'float32'), 2), 1);
const convolve = (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
  tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same');
const sums = tf.tidy(() => {
  const inputs = [signs([8, 10, 10, 32]), signs([3, 3, 32, 64])];
  const gradients = tf.grads(convolve)(inputs, wave([8, 10, 10, 64]));
  return gradients.map((gradient) => tf.sum(tf.abs(gradient)).dataSync()[0]!);
});
await adapter.dispose();
parentPort!.postMessage(sums);
