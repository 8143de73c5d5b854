// Adam with exact state.
import type * as tf from '@tensorflow/tfjs-core';
import { adamSteps, checkOptions, explained, option, type OptionRules } from '@bitgrad/core';
import { defineOptimizer } from './define.js';
import { defaultRates, rateRule, withDefaults } from './rates.js';
import { BatchOptimizer, type StepOptimizer, type VariableUpdate } from './step-optimizer.js';

/** Options of {@link adam}; the paper's defaults. */
export interface AdamOptions {
  /** The base rate, which schedules scale, 0 or more; default the trainer's, else 0.001. */
  readonly learningRate?: number;
  /** Decay of the first moment, [0, 1); default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment, [0, 1); default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment, 0 or more; default 1e-8. */
  readonly epsilon?: number;
}

const defaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** The rules of {@link AdamOptions}. */
export const adamRules: OptionRules<AdamOptions> = {
  learningRate: rateRule(defaultRates.adam),
  beta1: explained(option.below(0, 1), 'decay of the first moment', defaults.beta1),
  beta2: explained(option.below(0, 1), 'decay of the second moment', defaults.beta2),
  // A weight whose gradients were all 0 steps by 0 / epsilon.
  epsilon: explained(option.number(1e-30), 'is added to the root of the second moment', defaults.epsilon),
};

/** The update of Adam; {@link adam} makes it. */
export class Adam extends BatchOptimizer {
  static readonly className: string = 'BitgradAdam';
  protected readonly kind: string = 'adam';
  protected readonly slotCount = 2;
  private readonly options: Required<Omit<AdamOptions, 'learningRate'>>;

  constructor(options: AdamOptions, name = 'adam', rules: OptionRules<AdamOptions> = adamRules) {
    const { learningRate, ...rest } = checkOptions('training', name, options, rules);
    super(learningRate, defaultRates.adam);
    this.options = withDefaults(rest, defaults);
  }

  protected updateAll(variables: readonly VariableUpdate[], t: number): tf.Tensor[][] {
    const { beta1, beta2, epsilon } = this.options;
    return adamSteps(
      variables.map(({ value, gradient, slots: [m, v] }) => ({ value, gradient, m: m!, v: v! })),
      {
        learningRate: this.learningRate,
        beta1,
        beta2,
        epsilon,
        correction1: 1 - beta1 ** t,
        correction2: 1 - beta2 ** t,
      },
    );
  }

  getConfig() {
    return { name: this.kind, learningRate: this.baseRate, ...this.options };
  }
}

/**
 * Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1); one fused kernel where the backend has it.
 * The bias corrections 1 - beta^t are computed in float64 from the step count, so saved state is exact.
 * @throws BitgradError `invalid-option`
 */
export const adam = (options: AdamOptions = {}): StepOptimizer => new Adam(options);

/** {@link adam} by name. */
export const adamDefinition = defineOptimizer<AdamOptions>({
  description: 'Adam (arXiv 1412.6980)',
  options: adamRules,
  create: adam,
  baseRate: (options) => adam(options).baseRate,
});
