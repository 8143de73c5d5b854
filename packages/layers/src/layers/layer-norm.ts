// Layer normalization over the last axis, with one explicit gradient: tfjs-layers' own broadcasts its statistics by
// tiling, which costs several times the arithmetic.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { layerNormalize, option } from '@bitgrad/core';
import { layerOptions, type LayerRules } from '../layer-options.js';
import {
  called,
  knownSize,
  resolveInitializer,
  serializeKeras,
  singleShape,
  type Initializer,
  type InitializerSpec,
  type LayerArgs,
  type LayerVariable,
  type Shape,
} from '../keras.js';
import { leastEpsilon } from './batch-norm.js';

/** Options of {@link LayerNorm}. */
export interface LayerNormArgs extends LayerArgs {
  /** Added to the variance, 1e-12 or more; default 1e-5. */
  epsilon?: number;
  /** Default ones. */
  gammaInitializer?: InitializerSpec;
  /** Default zeros. */
  betaInitializer?: InitializerSpec;
}

const rules: LayerRules<LayerNormArgs> = {
  epsilon: option.number(leastEpsilon),
  gammaInitializer: option.any,
  betaInitializer: option.any,
};

/** {@link layerNormalize} as a layer. Weights, in order: gamma [c], beta [c]. */
export class LayerNorm extends tfl.layers.Layer {
  static className = 'BitgradLayerNorm';
  readonly epsilon: number;
  gamma!: LayerVariable;
  beta!: LayerVariable;
  private readonly initializers: { gamma: Initializer; beta: Initializer };

  /** @throws BitgradError `invalid-option` for an unknown initializer */
  constructor(args: LayerNormArgs = {}) {
    super(layerOptions('LayerNorm', args, rules));
    this.epsilon = args.epsilon ?? 1e-5;
    this.initializers = {
      gamma: resolveInitializer(args.gammaInitializer, tfl.initializers.ones() as Initializer),
      beta: resolveInitializer(args.betaInitializer, tfl.initializers.zeros() as Initializer),
    };
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = singleShape(inputShape);
    const c = knownSize(shape, shape.length, -1, `layer "${this.name}"`);
    const add = (name: 'gamma' | 'beta') =>
      this.addWeight(name, [c], 'float32', this.initializers[name] as never, undefined, true);
    [this.gamma, this.beta] = [add('gamma'), add('beta')];
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return called(this, inputs, kwargs, (x) =>
      layerNormalize(x, this.gamma.read(), this.beta.read(), this.epsilon),
    );
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { gamma, beta } = this.initializers;
    return {
      ...super.getConfig(),
      epsilon: this.epsilon,
      gammaInitializer: serializeKeras(gamma),
      betaInitializer: serializeKeras(beta),
    };
  }
}
tf.serialization.registerClass(LayerNorm);

/** A {@link LayerNorm} layer. */
export const layerNorm = (args: LayerNormArgs = {}): LayerNorm => new LayerNorm(args);
