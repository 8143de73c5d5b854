// Adam with exact state.
import type * as tf from '@tensorflow/tfjs-core';
import { adamStep } from '@bitgrad/core';
import { inRange } from './options.js';
import { StepOptimizer } from './stepOptimizer.js';

/** Options of {@link adam}; the paper's defaults. */
export interface AdamOptions {
  /** Default 0.001; the trainer's schedule sets it before each step. */
  readonly learningRate?: number;
  /** Decay of the first moment, [0, 1); default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment, [0, 1); default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment; default 1e-8. */
  readonly epsilon?: number;
}

class Adam extends StepOptimizer {
  static readonly className = 'BitgradAdam';
  protected readonly kind = 'adam';
  protected readonly slotCount = 2;
  private readonly options: Required<AdamOptions>;

  constructor(options: AdamOptions) {
    const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
    super(inRange('adam', 'learningRate', learningRate, 0, Infinity));
    inRange('adam', 'beta1', beta1, 0, 1);
    inRange('adam', 'beta2', beta2, 0, 1);
    inRange('adam', 'epsilon', epsilon, 0, Infinity);
    this.options = { learningRate, beta1, beta2, epsilon };
  }

  protected update(
    value: tf.Tensor,
    gradient: tf.Tensor,
    [m, v]: readonly tf.Tensor[],
    t: number,
  ): tf.Tensor[] {
    const { beta1, beta2, epsilon } = this.options;
    return adamStep(value, gradient, m!, v!, {
      learningRate: this.learningRate,
      beta1,
      beta2,
      epsilon,
      correction1: 1 - beta1 ** t,
      correction2: 1 - beta2 ** t,
    });
  }

  getConfig() {
    return { name: this.kind, ...this.options };
  }
}

/**
 * Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1); one fused kernel a variable where the backend has it.
 * The bias corrections 1 - beta^t are computed in float64 from the step count, so saved state is exact.
 * @throws BitgradError `invalid-option`
 */
export const adam = (options: AdamOptions = {}): StepOptimizer => new Adam(options);
