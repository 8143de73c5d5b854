// Elementwise expressions on tensors: one fused kernel where the backend has it, composed tfjs ops elsewhere.
import type * as tf from '@tensorflow/tfjs-core';
import { inputsOf, linearize, type ElementwiseProgram, type Expression } from '@bitgrad/bits';
import { composeExpression } from '../expression/tensor.js';
import { expectObject } from '../expect.js';
import { hasKernel, runKernel } from './kernels.js';

/** Programs of expressions that are used again; an expression does not change. */
const programs = new WeakMap<Expression, ElementwiseProgram>();

/** The program of an expression, its inputs in their order. */
export function programOf(expression: Expression): ElementwiseProgram {
  const program = programs.get(expression) ?? linearize(expression, inputsOf(expression));
  programs.set(expression, program);
  return program;
}

/** A fused kernel broadcasts scalars and vectors along the last axis; other shapes are composed. */
const fusable = (input: tf.Tensor, shape: readonly number[]): boolean =>
  input.dtype === 'float32' &&
  (input.size === 1 ||
    (input.shape.length === shape.length && input.shape.every((d, i) => d === shape[i])) ||
    (input.shape.at(-1) === shape.at(-1) && input.size === shape.at(-1)));

/**
 * Evaluates an expression on tensors; not differentiable: call it inside `tf.customGrad`.
 * @param inputs float32 tensors that broadcast to `shape`, for each input of the expression
 * @param shape shape of the result
 * @returns a new float32 tensor of `shape`
 * @throws BitgradError `invalid-option` for a missing input
 */
export function elementwise(
  expression: Expression,
  inputs: Readonly<Record<string, tf.Tensor>>,
  shape: readonly number[],
): tf.Tensor {
  const names = programs.get(expression)?.inputs ?? inputsOf(expression);
  expectObject('inputs of elementwise', inputs);
  const used = names.map((name) => inputs[name]);
  if (hasKernel('BitgradElementwise') && used.every((t) => t && fusable(t, shape))) {
    const program = programOf(expression);
    const tensors = Object.fromEntries(used.map((t, i) => [`i${i}`, t!]));
    return runKernel('BitgradElementwise', tensors, { program, shape })[0]!;
  }
  return composeExpression(expression, inputs, shape);
}
