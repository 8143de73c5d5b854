// Stochastic gradient descent with momentum.
import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, explained, momentumSteps, option, type OptionRules } from '@bitgrad/core';
import { defineOptimizer } from './define.js';
import { defaultRates, rateRule, withDefaults } from './rates.js';
import { BatchOptimizer, type StepOptimizer, type VariableUpdate } from './step-optimizer.js';

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** The base rate, which schedules scale, 0 or more; default the trainer's, else 0.1. */
  readonly learningRate?: number;
  /** [0, 1); default 0.9. 0 is plain SGD and keeps no state. */
  readonly momentum?: number;
  /** Nesterov's variant; default false. */
  readonly nesterov?: boolean;
  /** Added to the gradient, times the weight (an L2 penalty of half of it), 0 or more; default 0. */
  readonly weightDecay?: number;
}

const defaults = { momentum: 0.9, nesterov: false, weightDecay: 0 } as const;

const rules: OptionRules<SgdOptions> = {
  learningRate: rateRule(defaultRates.sgd),
  momentum: explained(option.below(0, 1), '0 is plain SGD and keeps no state', defaults.momentum),
  nesterov: explained(option.boolean, "Nesterov's variant", defaults.nesterov),
  weightDecay: explained(
    option.number(0),
    'is added to the gradient, times the weight',
    defaults.weightDecay,
  ),
};

class Sgd extends BatchOptimizer {
  static readonly className = 'BitgradSgd';
  protected readonly kind = 'sgd';
  protected readonly slotCount: number;
  private readonly options: Required<Omit<SgdOptions, 'learningRate'>>;

  constructor(options: SgdOptions) {
    const { learningRate, ...rest } = checkOptions('training', 'sgd', options, rules);
    super(learningRate, defaultRates.sgd);
    this.options = withDefaults(rest, defaults);
    this.slotCount = this.options.momentum === 0 ? 0 : 1;
  }

  protected updateAll(variables: readonly VariableUpdate[]): tf.Tensor[][] {
    const { momentum, nesterov, weightDecay } = this.options;
    const { learningRate } = this;
    const decayed = variables.map(({ value, gradient, slots: [velocity] }) => ({
      value,
      gradient: weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(value, weightDecay)),
      velocity: velocity!,
    }));
    return momentum === 0
      ? decayed.map(({ value, gradient }) => [tf.sub(value, tf.mul(gradient, learningRate))])
      : momentumSteps(decayed, { learningRate, momentum, nesterov });
  }

  getConfig() {
    const { weightDecay, ...rest } = this.options;
    // Without decay the configuration is that of checkpoints from before there was any.
    return { name: this.kind, learningRate: this.baseRate, ...rest, ...(weightDecay && { weightDecay }) };
  }
}

/**
 * SGD: g = gradient + weightDecay * w; velocity' = momentum * velocity + g; w' = w - learningRate * velocity', or with Nesterov
 * w' = w - learningRate * (g + momentum * velocity').
 * @throws BitgradError `invalid-option`
 */
export const sgd = (options: SgdOptions = {}): StepOptimizer => new Sgd(options);

/** {@link sgd} by name. */
export const sgdDefinition = defineOptimizer<SgdOptions>({
  description: 'SGD with momentum',
  options: rules,
  create: sgd,
  baseRate: (options) => sgd(options).baseRate,
});
