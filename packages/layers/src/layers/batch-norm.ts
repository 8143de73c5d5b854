// Batch normalization with tfjs-layers' options, weights and results, and a fused training step where the backend has it.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { batchNormTrain, brand, customOp, E, elementwise, option, type Expression } from '@bitgrad/core';
import { layerOptions, type LayerRules } from '../layer-options.js';
import {
  called,
  knownSize,
  resolveConstraint,
  resolveInitializer,
  resolveRegularizer,
  serializeKeras,
  singleShape,
  type Constraint,
  type ConstraintSpec,
  type Initializer,
  type InitializerSpec,
  type LayerArgs,
  type LayerVariable,
  type Regularizer,
  type RegularizerSpec,
  type Shape,
} from '../keras.js';

/** Options of {@link BatchNorm}: those of tfjs-layers' BatchNormalization, with the same defaults. */
export interface BatchNormArgs extends LayerArgs {
  /** The channel axis, or a list of it as Keras saves it; default -1, the last. */
  axis?: number | [number];
  /** Share of the old value in a moving average; default 0.99. */
  momentum?: number;
  /** Added to the variance, 1e-12 or more; default 1e-3. */
  epsilon?: number;
  /** Has beta; default true. */
  center?: boolean;
  /** Has gamma; default true. */
  scale?: boolean;
  /** Moves the average by the variance times n / (n - 1), as PyTorch does; default false, as tfjs-layers does. */
  unbiasedVariance?: boolean;
  betaInitializer?: InitializerSpec;
  gammaInitializer?: InitializerSpec;
  movingMeanInitializer?: InitializerSpec;
  movingVarianceInitializer?: InitializerSpec;
  betaRegularizer?: RegularizerSpec;
  gammaRegularizer?: RegularizerSpec;
  betaConstraint?: ConstraintSpec;
  gammaConstraint?: ConstraintSpec;
}

/** What is added to a variance must keep its root a divisor: a constant channel has variance 0. */
export const leastEpsilon = 1e-12;

const axis = option.integer(-8, 7);
const rules: LayerRules<BatchNormArgs> = {
  axis: option.of('an axis, or a list of one', (v) =>
    axis.allows(Array.isArray(v) && v.length === 1 ? v[0] : v),
  ),
  momentum: option.number(0, 1),
  epsilon: option.number(leastEpsilon),
  center: option.boolean,
  scale: option.boolean,
  unbiasedVariance: option.boolean,
  betaInitializer: option.any,
  gammaInitializer: option.any,
  movingMeanInitializer: option.any,
  movingVarianceInitializer: option.any,
  betaRegularizer: option.any,
  gammaRegularizer: option.any,
  betaConstraint: option.any,
  gammaConstraint: option.any,
};

/** What a moving average becomes: old - (old - value) * (1 - momentum). */
const moveFormula = (momentum: number) => {
  const old = E.input('old');
  return E.sub(old, E.mul(E.sub(old, E.input('value')), 1 - momentum));
};

const affineFormula = E.add(E.mul(E.input('x'), E.input('factor')), E.input('bias'));

/** x * factor + bias of each channel, product and sum rounded apart; in one pass where the backend can. */
const affine = (x: tf.Tensor, factor: tf.Tensor, bias: tf.Tensor): tf.Tensor =>
  customOp(
    [x, factor, bias],
    ([x0, factor0, bias0]) => ({
      value: elementwise(affineFormula, { x: x0!, factor: factor0!, bias: bias0! }, x0!.shape),
      saved: [x0!, factor0!],
    }),
    (dy, [x0, factor0]) => {
      const axes = dy.shape.slice(0, -1).map((_, i) => i);
      return [tf.mul(dy, factor0!), tf.sum(tf.mul(dy, x0!), axes), tf.sum(dy, axes)];
    },
  );

/**
 * y = gamma * (x - mean) / sqrt(variance + epsilon) + beta over each channel. In training steps, mean and (biased)
 * variance are those of the batch, and move the averages that are used otherwise: avg -= (avg - value) * (1 - momentum),
 * the value of the variance unbiased where `unbiasedVariance` asks for it. With `trainable` false it does in training what it does
 * otherwise: nothing of it moves.
 * Weights, in order: gamma, beta, moving_mean, moving_variance.
 */
export class BatchNorm extends tfl.layers.Layer {
  static className = 'BitgradBatchNorm';
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly unbiasedVariance: boolean;
  gamma: LayerVariable | null = null;
  beta: LayerVariable | null = null;
  movingMean!: LayerVariable;
  movingVariance!: LayerVariable;
  private readonly moved: Expression;
  private readonly initializers: Record<'gamma' | 'beta' | 'movingMean' | 'movingVariance', Initializer>;
  private readonly regularizers: Record<'gamma' | 'beta', Regularizer | null>;
  private readonly constraints: Record<'gamma' | 'beta', Constraint | null>;

  /** @throws BitgradError `invalid-option` for an unknown initializer, regularizer or constraint */
  constructor(args: BatchNormArgs = {}) {
    super(layerOptions('BatchNorm', args, rules));
    this.supportsMasking = true;
    this.axis = [args.axis ?? -1].flat()[0]!;
    this.momentum = args.momentum ?? 0.99;
    this.moved = moveFormula(this.momentum);
    this.epsilon = args.epsilon ?? 1e-3;
    this.center = args.center ?? true;
    this.scale = args.scale ?? true;
    this.unbiasedVariance = args.unbiasedVariance ?? false;
    const [zeros, ones] = [tfl.initializers.zeros() as Initializer, tfl.initializers.ones() as Initializer];
    this.initializers = {
      gamma: resolveInitializer(args.gammaInitializer, ones),
      beta: resolveInitializer(args.betaInitializer, zeros),
      movingMean: resolveInitializer(args.movingMeanInitializer, zeros),
      movingVariance: resolveInitializer(args.movingVarianceInitializer, ones),
    };
    this.regularizers = {
      gamma: resolveRegularizer(args.gammaRegularizer),
      beta: resolveRegularizer(args.betaRegularizer),
    };
    this.constraints = {
      gamma: resolveConstraint(args.gammaConstraint),
      beta: resolveConstraint(args.betaConstraint),
    };
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = singleShape(inputShape);
    const c = knownSize(shape, shape.length, this.axis, `layer "${this.name}"`);
    const trainable = (name: 'gamma' | 'beta') =>
      this.addWeight(
        name,
        [c],
        'float32',
        this.initializers[name] as never,
        (this.regularizers[name] ?? undefined) as never,
        true,
        (this.constraints[name] ?? undefined) as never,
      );
    if (this.scale) this.gamma = trainable('gamma');
    if (this.center) this.beta = trainable('beta');
    const average = (name: string, initializer: Initializer) =>
      this.addWeight(name, [c], 'float32', initializer as never, undefined, false);
    this.movingMean = average('moving_mean', this.initializers.movingMean);
    this.movingVariance = average('moving_variance', this.initializers.movingVariance);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return called(this, inputs, kwargs, (input, training) => {
      const axis = this.axis < 0 ? this.axis + input.rank : this.axis;
      const last = axis === input.rank - 1;
      // Swapping two axes is its own inverse.
      const order = input.shape.map((_, i) =>
        i === axis ? input.rank - 1 : i === input.rank - 1 ? axis : i,
      );
      const x = last ? input : tf.transpose(input, order);
      // A frozen layer keeps its averages, and uses them, as in Keras.
      const y = training && this.trainable ? this.normalizeBatch(x) : this.normalize(x);
      return last ? y : tf.transpose(y, order);
    });
  }

  private normalizeBatch(x: tf.Tensor): tf.Tensor {
    const c = [x.shape.at(-1)!];
    const gamma = this.gamma?.read() ?? tf.ones(c);
    const beta = this.beta?.read() ?? tf.zeros(c);
    const { y, mean, variance } = batchNormTrain(x, gamma, beta, this.epsilon);
    this.move(this.movingMean, mean);
    const n = x.size / x.shape.at(-1)!;
    // The variance of one number is not known: it stays 0.
    this.move(this.movingVariance, this.unbiasedVariance && n > 1 ? tf.mul(variance, n / (n - 1)) : variance);
    return y;
  }

  private move(average: LayerVariable, value: tf.Tensor): void {
    const old = average.read();
    average.write(elementwise(this.moved, { old, value }, old.shape));
  }

  /**
   * What inference computes, y = x * factor + bias, as float32 [c] each. A packed model holds these numbers, so that it
   * rounds as the layer does.
   */
  inferenceAffine(): { factor: tf.Tensor; bias: tf.Tensor } {
    const inverse = tf.rsqrt(tf.add(this.movingVariance.read(), this.epsilon));
    const factor = this.gamma ? tf.mul(this.gamma.read(), inverse) : inverse;
    const shift = tf.mul(this.movingMean.read(), factor);
    return { factor, bias: this.beta ? tf.sub(this.beta.read(), shift) : tf.neg(shift) };
  }

  private normalize(x: tf.Tensor): tf.Tensor {
    const { factor, bias } = this.inferenceAffine();
    return affine(x, factor, bias);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const {
      axis,
      momentum,
      epsilon,
      center,
      scale,
      unbiasedVariance,
      initializers,
      regularizers,
      constraints,
    } = this;
    return {
      ...super.getConfig(),
      axis,
      momentum,
      epsilon,
      center,
      scale,
      ...(unbiasedVariance && { unbiasedVariance }),
      gammaInitializer: serializeKeras(initializers.gamma),
      betaInitializer: serializeKeras(initializers.beta),
      movingMeanInitializer: serializeKeras(initializers.movingMean),
      movingVarianceInitializer: serializeKeras(initializers.movingVariance),
      gammaRegularizer: serializeKeras(regularizers.gamma),
      betaRegularizer: serializeKeras(regularizers.beta),
      gammaConstraint: serializeKeras(constraints.gamma),
      betaConstraint: serializeKeras(constraints.beta),
    };
  }
}
tf.serialization.registerClass(BatchNorm);

/** A {@link BatchNorm} layer. */
export const batchNorm = (args: BatchNormArgs = {}): BatchNorm => new BatchNorm(args);

const mark = brand<BatchNorm>('layers.BatchNorm');
mark.mark(BatchNorm.prototype);

/** Whether a layer is a {@link BatchNorm}, of this copy of the package or of another. */
export const isBatchNorm = (layer: unknown): layer is BatchNorm => mark.has(layer);
