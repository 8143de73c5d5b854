// ProxQuant and reverse ProxConnect: the same quantizer, with the optimizer's step on another variable (arXiv 2110.13220).
import * as tf from '@tensorflow/tfjs-core';
import {
  checkOptions,
  forwardValue,
  option,
  type ForwardQuantizer,
  type LatentAccess,
  type OptionRules,
  type QuantizeContext,
  type Schedule,
} from '@bitgrad/core';
import { aroundStep } from './wrap.js';

/** What a wrapper needs to know of its quantizer. */
export interface ProximalStep {
  /** P, as a forward of w, in units of its statistic `scale` where it has one. */
  readonly proximal: ForwardQuantizer;
  readonly schedule: Schedule;
}

const schedule = option.of(
  'a schedule { options, values(clock) }',
  (x) => typeof (x as { values?: unknown } | null)?.values === 'function',
);

const rules: OptionRules<ProximalStep> = {
  proximal: option.required(
    option.of(
      'a forward, as defineForward or piecewiseLinearForward makes it',
      (x) => (x as { kind?: unknown } | null)?.kind === 'forward',
    ),
  ),
  schedule: option.required(schedule),
};

/** unit * P(w / unit) of a latent kernel at the present clock; the caller disposes it. */
function proximalValue(
  { proximal, schedule }: ProximalStep,
  w: tf.Variable,
  latent: LatentAccess,
): tf.Tensor {
  const clock = latent.clock();
  const context: QuantizeContext = {
    site: { role: 'kernel', shape: w.shape, channelAxes: [-1] },
    clock,
    training: true,
    hard: false,
    scalars: schedule.values(clock),
    parameters: {},
  };
  return tf.tidy(() => {
    const { scale } = proximal.statistics?.(w, context) ?? {};
    const value = forwardValue(proximal, w, context);
    return scale ? tf.mul(value, scale) : value;
  });
}

const replace = (step: ProximalStep, latent: LatentAccess): void => {
  for (const variable of latent.variables) {
    const value = proximalValue(step, variable, latent);
    variable.assign(value);
    value.dispose();
  }
};

/**
 * Reverse ProxConnect over any optimizer: before each step the latent w* is replaced by P(w*), so that with plain SGD
 * w*_{t+1} = P(w*_t) - eta * grad l(w*_t). The gradient is taken at w*, which the forward of `rpc` passes on; taken at
 * P(w*), the iterates would be those of ProxQuant. The optimizer's own state (momentum, Adam's moments) sees the
 * gradients unchanged.
 */
export const reverseProxConnect = (step: ProximalStep) => {
  checkOptions('quantizer-proxconnect', 'reverseProxConnect', step, rules);
  return (optimizer: tf.Optimizer, latent: LatentAccess): tf.Optimizer =>
    aroundStep(optimizer, { before: () => replace(step, latent) });
};

/**
 * ProxQuant over any optimizer: after each step the latent w* is replaced by P(w*), so that with plain SGD
 * w*_{t+1} = P(w*_t - eta * grad l(w*_t)). The gradient is taken at w* itself, which the forward of `pq` passes on.
 */
export const proxQuant = (step: ProximalStep) => {
  checkOptions('quantizer-proxconnect', 'proxQuant', step, rules);
  return (optimizer: tf.Optimizer, latent: LatentAccess): tf.Optimizer =>
    aroundStep(optimizer, { after: () => replace(step, latent) });
};
