// Stochastic gradient descent with momentum.
import * as tf from '@tensorflow/tfjs-core';
import { momentumStep } from '@bitgrad/core';
import { inRange } from './options.js';
import { StepOptimizer } from './stepOptimizer.js';

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** Default 0.01; the trainer's schedule sets it before each step. */
  readonly learningRate?: number;
  /** [0, 1); default 0.9. 0 is plain SGD and keeps no state. */
  readonly momentum?: number;
  /** Nesterov's variant; default false. */
  readonly nesterov?: boolean;
}

class Sgd extends StepOptimizer {
  static readonly className = 'BitgradSgd';
  protected readonly kind = 'sgd';
  protected readonly slotCount: number;
  private readonly options: Required<SgdOptions>;

  constructor(options: SgdOptions) {
    const { learningRate = 0.01, momentum = 0.9, nesterov = false } = options;
    super(inRange('sgd', 'learningRate', learningRate, 0, Infinity));
    inRange('sgd', 'momentum', momentum, 0, 1);
    this.options = { learningRate, momentum, nesterov };
    this.slotCount = momentum === 0 ? 0 : 1;
  }

  protected update(value: tf.Tensor, gradient: tf.Tensor, [velocity]: readonly tf.Tensor[]): tf.Tensor[] {
    if (!velocity) return [tf.sub(value, tf.mul(gradient, this.learningRate))];
    const { momentum, nesterov } = this.options;
    return momentumStep(value, gradient, velocity, { learningRate: this.learningRate, momentum, nesterov });
  }

  getConfig() {
    return { name: this.kind, ...this.options };
  }
}

/**
 * SGD: velocity' = momentum * velocity + g; w' = w - learningRate * velocity', or with Nesterov
 * w' = w - learningRate * (g + momentum * velocity').
 * @throws BitgradError `invalid-option`
 */
export const sgd = (options: SgdOptions = {}): StepOptimizer => new Sgd(options);
