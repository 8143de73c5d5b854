// DoReFa's k-bit quantizers of weights and activations.
import * as tf from '@tensorflow/tfjs-core';
import {
  defineForward,
  detach,
  E,
  roundHalfEven,
  type Expression,
  type ForwardQuantizer,
  type Jump,
  told,
} from '@bitgrad/core';
import * as v from 'valibot';
import { resolve } from '../options.js';
import { dorefaTarget, type DorefaTarget } from '../surrogates/dorefa.js';

/** Options of the DoReFa forward. */
export interface DorefaOptions {
  /** k, a whole number from 1 to 8: 2^k levels. Default 2. */
  readonly bits?: number;
  /** Default 'activations'. */
  readonly target?: DorefaTarget;
}

declare module '@bitgrad/core' {
  interface ForwardOptionsMap {
    dorefa: DorefaOptions;
  }
}

/** The schema of {@link DorefaOptions}. */
export const dorefaSchema = v.strictObject({
  bits: told(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(8)), 2, '2^bits levels'),
  target: dorefaTarget,
});

/**
 * j / n in float32, correctly rounded, without a division (GPUs round theirs as they like): 1 / n in two parts, of which
 * the first has 16 bits, so that its product with |j| <= 255 is exact.
 */
function nth(j: Expression, n: number): Expression {
  const high =
    Math.floor((2 ** 16 * 2 ** Math.ceil(Math.log2(n))) / n) / (2 ** 16 * 2 ** Math.ceil(Math.log2(n)));
  return E.add(E.mul(j, high), E.mul(j, Math.fround(1 / n - high)));
}

/**
 * With n = 2^bits - 1 and rounding of ties to even:
 * activations: F(x) = round(n min(max(x, 0), 1)) / n, levels 0, 1/n, ..., 1;
 * weights: F(u) = 2 round(n u) / n - 1, levels -1 ... 1, after u = tanh(w) / (2 max|tanh(w)|) + 1/2, where the
 * maximum over the kernel is a constant of the backward pass. The paper's 1-bit weights are `scaled-sign` instead.
 * Levels are j / n to the last bit of float32. A kernel of zeros has u = 1/2, and no gradient.
 * @throws BitgradError `invalid-option` unless bits is a whole number from 1 to 8
 * @see Zhou et al., DoReFa-Net, arXiv 1606.06160, eq. 5-11
 */
export function dorefaForward(options?: DorefaOptions): ForwardQuantizer {
  const resolved = resolve('forward "dorefa"', dorefaSchema, options);
  const weights = resolved.target === 'weights';
  const n = 2 ** resolved.bits - 1;
  const level = (i: number) => (weights ? (2 * i - n) / n : i / n);
  const steps = Array.from({ length: n + 1 }, (_, i) => i);
  return defineForward({
    name: 'dorefa',
    options: resolved,
    alphabet: 'k-bit',
    levels: steps.map(level),
    soft: false,
    formula: (x) => level(roundHalfEven(n * Math.min(Math.max(x, 0), 1))),
    expression() {
      const i = E.round(E.mul(E.clip(E.input('x'), 0, 1), n));
      return nth(weights ? E.sub(E.mul(i, 2), n) : i, n);
    },
    ...(weights && { prepare: toUnitInterval }),
    jumps: () => steps.slice(1).map((i): Jump => ({ at: (i - 0.5) / n, from: level(i - 1), to: level(i) })),
  });
}

/** Kernels whose largest |tanh(w)| is below this are kernels of zeros: 1 / (2 max) is not for them. */
const smallest = 1e-30;

/** tanh(w) / (2 max|tanh(w)|) + 1/2; a kernel of zeros gives 1/2, whatever w. */
const toUnitInterval = (w: tf.Tensor): tf.Tensor => {
  const bounded = tf.tanh(w);
  const peak = detach(bounded, (t) => tf.maximum(tf.max(tf.abs(t)), smallest));
  const live = detach(peak, (t) => tf.cast(tf.greater(t, smallest), 'float32'));
  const unit = tf.div(bounded, tf.mul(peak, 2));
  return tf.add(tf.mul(unit, live), 0.5);
};
