// Adam with decoupled weight decay.
import * as tf from '@tensorflow/tfjs-core';
import { explained, option, type OptionRules } from '@bitgrad/core';
import { Adam, adamRules, type AdamOptions } from './adam.js';
import { defineOptimizer } from './define.js';
import type { StepOptimizer, VariableUpdate } from './step-optimizer.js';

/** Options of {@link adamw}. */
export interface AdamWOptions extends AdamOptions {
  /** Share of a weight that a step takes away, times the learning rate, 0 or more; default 0.01. */
  readonly weightDecay?: number;
}

const defaultDecay = 0.01;

const rules: OptionRules<AdamWOptions> = {
  ...adamRules,
  weightDecay: explained(
    option.number(0),
    'share of a weight that a step takes away, times the learning rate',
    defaultDecay,
  ),
};

class AdamW extends Adam {
  static override readonly className = 'BitgradAdamW';
  protected override readonly kind: string = 'adamw';
  private readonly weightDecay: number;

  constructor(options: AdamWOptions) {
    super(options, 'adamw', rules);
    this.weightDecay = options.weightDecay ?? defaultDecay;
  }

  protected override updateAll(variables: readonly VariableUpdate[], t: number): tf.Tensor[][] {
    const rest = 1 - this.learningRate * this.weightDecay;
    return super.updateAll(
      variables.map((variable) => ({ ...variable, value: tf.mul(variable.value, rest) })),
      t,
    );
  }

  override getConfig() {
    return { ...super.getConfig(), weightDecay: this.weightDecay };
  }
}

/**
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2): w = (1 - learningRate * weightDecay) w, then the step of
 * Adam. The decay follows the scheduled rate, as in PyTorch.
 * @throws BitgradError `invalid-option`
 */
export const adamw = (options: AdamWOptions = {}): StepOptimizer => new AdamW(options);

/** {@link adamw} by name. */
export const adamwDefinition = defineOptimizer<AdamWOptions>({
  description: 'Adam with decoupled weight decay (arXiv 1711.05101)',
  options: rules,
  create: adamw,
  baseRate: (options) => adamw(options).baseRate,
});
