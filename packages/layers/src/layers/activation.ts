// Activations of binary networks: an input quantizer as a layer of its own, and ReActNet's RPReLU.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { customOp, hasKernel, option, runKernel } from '@bitgrad/core';
import { broadcast } from '../broadcast.js';
import { layerOptions, quantRules, type LayerRules } from '../layer-options.js';
import {
  called,
  knownSize,
  resolveInitializer,
  serializeKeras,
  single,
  singleShape,
  type Initializer,
  type InitializerSpec,
  type LayerArgs,
  type LayerVariable,
  type Shape,
} from '../keras.js';
import { QuantLayer, type QuantLayerArgs } from '../quant-layer.js';
import { valueOf } from '../quantizers.js';

/** Applies an input quantizer alone; the shape is kept. */
export class QuantActivation extends QuantLayer {
  static className = 'QuantActivation';

  /** @throws BitgradError `unknown-name`, `incompatible` */
  constructor(args: QuantLayerArgs) {
    super(layerOptions('QuantActivation', args, quantRules), []);
    this.supportsMasking = true;
  }

  override slotNames(): readonly string[] {
    return ['input'];
  }

  override build(inputShape: Shape | Shape[]): void {
    this.buildSlot('input', singleShape(inputShape).slice(1), [-1]);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return called(this, inputs, kwargs, (x, training) => tf.clone(valueOf(this.parts('input', x, training))));
  }
}
tf.serialization.registerClass(QuantActivation);

/** A {@link QuantActivation} layer. */
export const quantActivation = (args: QuantLayerArgs): QuantActivation => new QuantActivation(args);

/** y = min(max(x, -1), 1): keeps the signs of what passes around binary convolutions, where ReLU would leave one of them. */
export class HardTanh extends tfl.layers.Layer {
  static className = 'BitgradHardTanh';

  /** @throws BitgradError `invalid-option` */
  constructor(args: LayerArgs = {}) {
    super(layerOptions('HardTanh', args, {}));
    this.supportsMasking = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return called(this, inputs, kwargs, (x) => tf.clipByValue(x, -1, 1));
  }
}
tf.serialization.registerClass(HardTanh);

/** A {@link HardTanh} layer. */
export const hardTanh = (args: LayerArgs = {}): HardTanh => new HardTanh(args);

/** Options of {@link RPReLU}. */
export interface RPReLUArgs extends LayerArgs {
  /** Of gamma, the shift before; default zeros. */
  gammaInitializer?: InitializerSpec;
  /** Of beta, the slope for x <= gamma; default 0.25. */
  betaInitializer?: InitializerSpec;
  /** Of zeta, the shift after; default zeros. */
  zetaInitializer?: InitializerSpec;
}

const rules: LayerRules<RPReLUArgs> = {
  gammaInitializer: option.any,
  betaInitializer: option.any,
  zetaInitializer: option.any,
};

const fused = (x: tf.Tensor, alpha: tf.Tensor): tf.Tensor =>
  customOp(
    [x, alpha],
    (inputs) => ({ value: tf.prelu(inputs[0]!, inputs[1]!), saved: inputs }),
    (dy, [x0, alpha0]) => runKernel('BitgradPReluGrad', { x: x0!, alpha: alpha0!, dy }),
  );

/**
 * ReActNet's activation (arXiv 2003.03488, equation 4), with gamma, zeta and beta of each channel (last axis):
 * y = x - gamma + zeta where x > gamma, else beta * (x - gamma) + zeta.
 */
export class RPReLU extends tfl.layers.Layer {
  static className = 'RPReLU';
  gamma!: LayerVariable;
  beta!: LayerVariable;
  zeta!: LayerVariable;
  private readonly initializers: { gamma: Initializer; beta: Initializer; zeta: Initializer };

  /** @throws BitgradError `invalid-option` for an unknown initializer */
  constructor(args: RPReLUArgs = {}) {
    super(layerOptions('RPReLU', args, rules));
    this.supportsMasking = true;
    const constant = (value: number) => tfl.initializers.constant({ value }) as Initializer;
    this.initializers = {
      gamma: resolveInitializer(args.gammaInitializer, constant(0)),
      beta: resolveInitializer(args.betaInitializer, constant(0.25)),
      zeta: resolveInitializer(args.zetaInitializer, constant(0)),
    };
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = singleShape(inputShape);
    const c = knownSize(shape, shape.length, -1, `layer "${this.name}"`);
    const add = (name: 'gamma' | 'beta' | 'zeta') =>
      this.addWeight(name, [c], 'float32', this.initializers[name] as never, undefined, true);
    [this.gamma, this.beta, this.zeta] = [add('gamma'), add('beta'), add('zeta')];
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return called(this, inputs, kwargs, (x) => {
      const shifted = tf.sub(x, this.gamma.read());
      const slope = this.beta.read();
      const y = hasKernel('BitgradPReluGrad') ? fused(shifted, slope) : tf.prelu(shifted, slope);
      return tf.add(y, this.zeta.read());
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { gamma, beta, zeta } = this.initializers;
    return {
      ...super.getConfig(),
      gammaInitializer: serializeKeras(gamma),
      betaInitializer: serializeKeras(beta),
      zetaInitializer: serializeKeras(zeta),
    };
  }
}
tf.serialization.registerClass(RPReLU);

/** A {@link RPReLU} layer. */
export const rprelu = (args: RPReLUArgs = {}): RPReLU => new RPReLU(args);

const preluRules: LayerRules<PReLUArgs> = {
  alphaInitializer: option.any,
  alphaRegularizer: option.any,
  alphaConstraint: option.any,
  sharedAxes: option.any,
};

/** Options of {@link prelu}: those of `tfl.layers.prelu`. */
export type PReLUArgs = NonNullable<Parameters<typeof tfl.layers.prelu>[0]>;

/**
 * PReLU (arXiv 1502.01852) as tfjs-layers has it, and saved as it is, with a gradient in one kernel where the slopes are shared
 * over all axes but the last, or over all: tfjs puts it together from six.
 */
export function prelu(args: PReLUArgs = {}): tfl.layers.Layer {
  const layer = tfl.layers.prelu(layerOptions('prelu', args, preluRules));
  const plain = layer.call.bind(layer);
  layer.call = (inputs, kwargs) =>
    tf.tidy(() => {
      const x = single(inputs);
      const slope = layer.weights[0]!.read();
      const c = x.shape.at(-1)!;
      const shared = slope.shape.slice(0, -1).every((n) => n === 1) && [1, c].includes(slope.size);
      if (!shared || !hasKernel('BitgradPReluGrad')) return plain(inputs, kwargs);
      return fused(x, broadcast(tf.reshape(slope, [slope.size]), [c]));
    });
  return layer;
}
