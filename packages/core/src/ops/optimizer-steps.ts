// Single optimizer steps as pure functions: fused where the backend can, else tfjs ops. No step disposes its inputs.
import * as tf from '@tensorflow/tfjs-core';
import { expectNumber, expectObject } from '../expect.js';
import { expectShape, expectTensor } from './expect-tensor.js';
import { hasKernel, runKernel } from './kernels.js';

/** Tensors of one shape, and numbers. */
function expectStep(
  owner: string,
  tensors: Readonly<Record<string, tf.Tensor>>,
  options: object,
  numbers: readonly string[],
): void {
  const [[first, value], ...others] = Object.entries(tensors) as [
    [string, tf.Tensor],
    ...[string, tf.Tensor][],
  ];
  expectTensor(owner, first, value);
  for (const [name, tensor] of others) expectShape(owner, name, tensor, value.shape);
  expectObject(`options of ${owner}`, options);
  for (const name of numbers) expectNumber(`${name} of ${owner}`, options[name]);
}

const adamNumbers = ['learningRate', 'beta1', 'beta2', 'epsilon', 'correction1', 'correction2'];

/** Adam's constants for one step; `correction1 = 1 - beta1^t`, `correction2 = 1 - beta2^t` with t from 1. */
export interface AdamStepOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly correction1: number;
  readonly correction2: number;
}

/**
 * One step of Adam (Kingma and Ba, arXiv 1412.6980):
 * m' = beta1 m + (1 - beta1) g;  v' = beta2 v + (1 - beta2) g^2;
 * value' = value - learningRate * (m' / correction1) / (sqrt(v' / correction2) + epsilon).
 * @returns new tensors [value', m', v']
 */
export function adamStep(
  value: tf.Tensor,
  gradient: tf.Tensor,
  m: tf.Tensor,
  v: tf.Tensor,
  options: AdamStepOptions,
): [tf.Tensor, tf.Tensor, tf.Tensor] {
  expectStep('adamStep', { value, gradient, m, v }, options, adamNumbers);
  const { learningRate, beta1, beta2, epsilon, correction1, correction2 } = options;
  if (hasKernel('BitgradAdamStep'))
    return runKernel('BitgradAdamStep', { value, gradient, m, v }, { ...options }) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
  return tf.tidy(() => {
    const nextM = tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1));
    const nextV = tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const step = tf.div(tf.div(nextM, correction1), tf.add(tf.sqrt(tf.div(nextV, correction2)), epsilon));
    return [tf.sub(value, tf.mul(step, learningRate)), nextM, nextV];
  });
}

/**
 * One step of SGD with momentum: velocity' = momentum * velocity + g; value' = value - learningRate * d, with
 * d = velocity', or g + momentum * velocity' (Nesterov). momentum 0 is plain SGD.
 * @returns new tensors [value', velocity']
 */
export function momentumStep(
  value: tf.Tensor,
  gradient: tf.Tensor,
  velocity: tf.Tensor,
  options: { readonly learningRate: number; readonly momentum: number; readonly nesterov: boolean },
): [tf.Tensor, tf.Tensor] {
  expectStep('momentumStep', { value, gradient, velocity }, options, ['learningRate', 'momentum']);
  const { learningRate, momentum, nesterov } = options;
  if (hasKernel('BitgradMomentumStep'))
    return runKernel('BitgradMomentumStep', { value, gradient, velocity }, { ...options }) as [
      tf.Tensor,
      tf.Tensor,
    ];
  return tf.tidy(() => {
    const next = tf.add(tf.mul(velocity, momentum), gradient);
    const direction = nesterov ? tf.add(gradient, tf.mul(next, momentum)) : next;
    return [tf.sub(value, tf.mul(direction, learningRate)), next];
  });
}
