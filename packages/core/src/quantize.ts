// Applies a quantizer to a tensor: the one place where F and B become a differentiable op.
import * as tf from '@tensorflow/tfjs-core';
import { checkNoNaN, checkOptions, checkValue, option, type OptionRules } from '@bitgrad/bits';
import { initialClock, type TrainingClock } from './contracts/clock.js';
import type { QuantizeContext, QuantizerSite, Scalars, Statistics } from './contracts/context.js';
import type { ForwardQuantizer } from './contracts/forward.js';
import type { Quantizer } from './contracts/quantizer.js';
import type { SurrogateGradient } from './contracts/surrogate.js';
import { expectClock, expectContext, expectKind, expectObject } from './expect.js';
import { expressionOf, timesDy } from './expression/of-state.js';
import { customOp } from './ops/custom-op.js';
import { elementwise } from './ops/elementwise.js';
import { expectTensor } from './ops/expect-tensor.js';
import { scaled } from './ops/scaled.js';

/** How a quantizer is applied; everything has a default but the site. */
export interface QuantizeOptions {
  readonly site: QuantizerSite;
  readonly clock?: TrainingClock;
  readonly training?: boolean;
  readonly hard?: boolean;
  readonly parameters?: Readonly<Record<string, tf.Tensor>>;
  /** Refuse NaN in x, which has no sign. Reads x back, which is slow: for tests and for finding a divergence. */
  readonly checked?: boolean;
}

const callback = option.required(option.callback);
const rules: OptionRules<QuantizeOptions> = {
  site: option.required(option.object),
  clock: option.object,
  training: option.boolean,
  hard: option.boolean,
  parameters: option.object,
  checked: option.boolean,
};

/**
 * The context that a quantizer sees at a clock.
 * @throws BitgradError `invalid-option`
 */
export function quantizeContext(quantizer: Quantizer, options: QuantizeOptions): QuantizeContext {
  expectKind('quantizeContext', 'quantizer', quantizer);
  checkOptions('core', 'quantize', options, rules);
  if (options.clock) expectClock('quantize', options.clock);
  const clock = options.clock ?? initialClock;
  return {
    site: options.site,
    clock,
    training: options.training ?? false,
    hard: options.hard ?? false,
    scalars: quantizer.schedule.values(clock),
    parameters: options.parameters ?? {},
  };
}

/**
 * Quantizes x: `scale(u) * F(u)` forward, `dy * scale(u) * B(u)` backward, with `u = prepare(x)`; in training steps
 * the quantizer's `augment` and `companion` change what is scaled.
 * @param x float32 tensor; kernels in tfjs layout, inputs with the batch axis first
 * @returns float32 tensor of x's shape; the caller disposes it (or runs inside tf.tidy)
 * @throws BitgradError `not-finite` in checked mode, with the index of the first NaN of x; `invalid-option` for what is no
 *   quantizer, no tensor, or an option that does not exist
 */
export function quantize(quantizer: Quantizer, x: tf.Tensor, options: QuantizeOptions): tf.Tensor {
  const context = quantizeContext(quantizer, options);
  expectTensor('quantize', 'x', x);
  if (options.checked) checkNoNaN(x.dataSync(), `input of quantizer "${quantizer.name}"`);
  return tf.tidy(() => {
    const { forward } = quantizer;
    const u = forward.prepare ? forward.prepare(x, context) : x;
    const levels = quantizeLevels(quantizer, x, u, context);
    const scale = scaleOf(forward, u, context);
    return scale ? scaled(levels, scale) : levels;
  });
}

/**
 * F(u) without its scale, with what the quantizer adds to it, or to its gradient, in training steps.
 * @param x the latent value
 * @param u `prepare(x)`
 */
export function quantizeLevels(
  quantizer: Quantizer,
  x: tf.Tensor,
  u: tf.Tensor,
  context: QuantizeContext,
): tf.Tensor {
  expectKind('quantizeLevels', 'quantizer', quantizer);
  const levels = quantizePair(quantizer.forward, quantizer.surrogate, u, context);
  if (!context.training || context.hard) return levels;
  const y = quantizer.augment ? quantizer.augment(levels, x, context) : levels;
  const companion = quantizer.companion?.(x, context);
  return companion ? inBackwardPass(y, companion) : y;
}

/** y in the forward pass; backward as if e had been added to it: y + e - stopgrad(e), without that sum's rounding. */
const inBackwardPass = (y: tf.Tensor, e: tf.Tensor): tf.Tensor =>
  customOp(
    [y, e],
    ([value]) => ({ value: tf.clone(value!), saved: [] }),
    (dy) => [tf.clone(dy), tf.clone(dy)],
  );

/** F forward, B backward, without prepare, scale and augment. */
export function quantizePair(
  forward: ForwardQuantizer,
  surrogate: SurrogateGradient,
  x: tf.Tensor,
  context: QuantizeContext,
): tf.Tensor {
  expectKind('quantizePair', 'surrogate', surrogate);
  return customOp(
    [x],
    ([u]) => ({ value: forwardValue(forward, u!, context), saved: [u!] }),
    (dy, [u]) => [backwardValue(surrogate, u!, dy, context)],
  );
}

/** F(x), hard or as scheduled; not differentiable. */
export function forwardValue(forward: ForwardQuantizer, x: tf.Tensor, context: QuantizeContext): tf.Tensor {
  expectKind('forwardValue', 'forward', forward);
  expectTensor('forwardValue', 'x', x);
  expectContext('forwardValue', context);
  return tf.tidy(() => {
    const compose = (expression: NonNullable<ForwardQuantizer['expression']>) => {
      const statistics: Statistics = forward.statistics?.(x, context) ?? {};
      return elementwise(expression(context.scalars), { ...statistics, x }, x.shape);
    };
    if (context.hard) {
      if (forward.hardExpression) return compose(forward.hardExpression.bind(forward));
      if (forward.harden) return forward.harden(x, context);
    }
    return forward.expression
      ? compose((scalars) => expressionOf(forward, scalars))
      : forward.forward!(x, context);
  });
}

/** dy * B(x); not differentiable. */
export function backwardValue(
  surrogate: SurrogateGradient,
  x: tf.Tensor,
  dy: tf.Tensor,
  context: QuantizeContext,
): tf.Tensor {
  expectKind('backwardValue', 'surrogate', surrogate);
  expectTensor('backwardValue', 'x', x);
  expectTensor('backwardValue', 'dy', dy);
  expectContext('backwardValue', context);
  return tf.tidy(() => {
    if (!surrogate.expression) return tf.mul(dy, surrogate.derivative!(x, context));
    const statistics: Statistics = surrogate.statistics?.(x, context) ?? {};
    const product = timesDy(expressionOf(surrogate, context.scalars));
    return elementwise(product, { ...statistics, x, dy }, x.shape);
  });
}

/** A tensor of its own, so that what it was made of can be disposed. */
function constant(value: tf.Tensor): tf.Tensor {
  expectTensor('detach', 'what f gave', value);
  return tf.clone(value);
}

/** f(x) as a constant of the backward pass. */
export function detach(x: tf.Tensor, f: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  checkValue('core', 'f of detach', f, callback);
  return customOp(
    [x],
    ([input]) => ({ value: tf.tidy(() => constant(f(input!))), saved: [input!] }),
    (_dy, [input]) => [tf.zerosLike(input!)],
  );
}

/**
 * The scale of F as a constant of the backward pass; undefined where it has none, or none in this role.
 * @param u `prepare(x)`
 */
export function scaleOf(
  forward: ForwardQuantizer,
  u: tf.Tensor,
  context: QuantizeContext,
): tf.Tensor | undefined {
  expectKind('scaleOf', 'forward', forward);
  expectContext('scaleOf', context);
  if (!forward.scale) return undefined;
  let none = false;
  const value = detach(u, (v) => {
    const scale = forward.scale!(v, context);
    none = scale === undefined;
    return scale ?? tf.scalar(1);
  });
  if (!none) return value;
  value.dispose();
  return undefined;
}

/** Values of a surrogate at points, with the schedule at a clock: for plots and certificates. */
export function sampleSurrogate(
  surrogate: SurrogateGradient,
  points: readonly number[],
  scalars: Scalars = {},
): number[] {
  expectKind('sampleSurrogate', 'surrogate', surrogate);
  checkValue('core', 'points of sampleSurrogate', points, option.required(option.list(option.number())));
  expectObject('scalars of sampleSurrogate', scalars);
  return points.map((x) => surrogate.formula(x, scalars));
}
