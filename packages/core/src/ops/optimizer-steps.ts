// Optimizer steps as pure functions: fused where the backend can, else tfjs ops. No step disposes its inputs. A kernel takes the
// tensors of many variables at once: most variables are small, and a call costs more than their numbers.
import * as tf from '@tensorflow/tfjs-core';
import { checkValue, option } from '@bitgrad/bits';
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

const variablesRule = option.required(
  option.of(
    'a list of variables, each with its tensors by name',
    (list) => Array.isArray(list) && list.every((each) => typeof each === 'object' && each !== null),
  ),
);
const expectVariables = (owner: string, variables: unknown): void =>
  checkValue('core', `variables of ${owner}`, variables, variablesRule);

/** The tensors of variables as the inputs of one kernel: for those after the first, the names have the variable's number behind. */
const inputsOfAll = (variables: readonly (AdamTensors | MomentumTensors)[]): tf.NamedTensorMap =>
  Object.fromEntries(
    variables.flatMap((tensors, i) =>
      Object.entries<tf.Tensor>({ ...tensors }).map(([name, tensor]) => [`${name}${i || ''}`, tensor]),
    ),
  );

/** A list cut into parts of `size`. */
const parts = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: list.length / size }, (_, i) => list.slice(i * size, i * size + size));

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

/** The tensors of a variable in a step of Adam, all of its shape. */
export interface AdamTensors {
  readonly value: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly m: tf.Tensor;
  readonly v: tf.Tensor;
}

/**
 * One step of Adam (Kingma and Ba, arXiv 1412.6980) of each variable:
 * m' = beta1 m + (1 - beta1) g;  v' = beta2 v + (1 - beta2) g^2;
 * value' = value - learningRate * (m' / correction1) / (sqrt(v' / correction2) + epsilon).
 * @returns new tensors [value', m', v'] of each
 */
export function adamSteps(variables: readonly AdamTensors[], options: AdamStepOptions): tf.Tensor[][] {
  expectVariables('adamSteps', variables);
  for (const { value, gradient, m, v } of variables)
    expectStep('adamStep', { value, gradient, m, v }, options, adamNumbers);
  if (variables.length > 0 && hasKernel('BitgradAdamStep'))
    return parts(runKernel('BitgradAdamStep', inputsOfAll(variables), { ...options }), 3);
  return variables.map((tensors) => composedAdam(tensors, options));
}

const composedAdam = ({ value, gradient, m, v }: AdamTensors, options: AdamStepOptions): tf.Tensor[] => {
  const { learningRate, beta1, beta2, epsilon, correction1, correction2 } = options;
  return tf.tidy(() => {
    const nextM = tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1));
    const nextV = tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const step = tf.div(tf.div(nextM, correction1), tf.add(tf.sqrt(tf.div(nextV, correction2)), epsilon));
    return [tf.sub(value, tf.mul(step, learningRate)), nextM, nextV];
  });
};

/** {@link adamSteps} of one variable. */
export const adamStep = (
  value: tf.Tensor,
  gradient: tf.Tensor,
  m: tf.Tensor,
  v: tf.Tensor,
  options: AdamStepOptions,
): [tf.Tensor, tf.Tensor, tf.Tensor] =>
  adamSteps([{ value, gradient, m, v }], options)[0] as [tf.Tensor, tf.Tensor, tf.Tensor];

/** Constants of {@link momentumSteps}. */
export interface MomentumStepOptions {
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
}

/** The tensors of a variable in a step with momentum, all of its shape. */
export interface MomentumTensors {
  readonly value: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly velocity: tf.Tensor;
}

/**
 * One step of SGD with momentum of each variable: velocity' = momentum * velocity + g; value' = value - learningRate * d, with
 * d = velocity', or g + momentum * velocity' (Nesterov). momentum 0 is plain SGD.
 * @returns new tensors [value', velocity'] of each
 */
export function momentumSteps(
  variables: readonly MomentumTensors[],
  options: MomentumStepOptions,
): tf.Tensor[][] {
  expectVariables('momentumSteps', variables);
  for (const { value, gradient, velocity } of variables)
    expectStep('momentumStep', { value, gradient, velocity }, options, ['learningRate', 'momentum']);
  if (variables.length > 0 && hasKernel('BitgradMomentumStep'))
    return parts(runKernel('BitgradMomentumStep', inputsOfAll(variables), { ...options }), 2);
  return variables.map((tensors) => composedMomentum(tensors, options));
}

const composedMomentum = (
  { value, gradient, velocity }: MomentumTensors,
  { learningRate, momentum, nesterov }: MomentumStepOptions,
): tf.Tensor[] =>
  tf.tidy(() => {
    const next = tf.add(tf.mul(velocity, momentum), gradient);
    const direction = nesterov ? tf.add(gradient, tf.mul(next, momentum)) : next;
    return [tf.sub(value, tf.mul(direction, learningRate)), next];
  });

/** {@link momentumSteps} of one variable. */
export const momentumStep = (
  value: tf.Tensor,
  gradient: tf.Tensor,
  velocity: tf.Tensor,
  options: MomentumStepOptions,
): [tf.Tensor, tf.Tensor] =>
  momentumSteps([{ value, gradient, velocity }], options)[0] as [tf.Tensor, tf.Tensor];
