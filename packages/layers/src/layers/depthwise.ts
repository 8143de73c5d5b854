// Depthwise and separable 2-D convolutions with quantized kernels and input.
import * as tf from '@tensorflow/tfjs-core';
import { option, type QuantizerSpec } from '@bitgrad/core';
import { convRules, layerOptions, type LayerRules } from '../layer-options.js';
import { knownSize, singleShape, type ConstraintSpec, type InitializerSpec, type RegularizerSpec, type Shape } from '../keras.js'; // prettier-ignore
import { ProductLayer } from '../product-layer.js';
import { asInput, quantizedConv2d, quantizedDepthwiseConv2d } from '../product.js';
import type { QuantizedParts } from '../quantizers.js';
import {
  convConfig,
  convOptions,
  convOutputShape,
  positiveInteger,
  type ConvArgs,
  type ConvOptions,
} from './conv-options.js';

/** Options of {@link QuantDepthwiseConv2D}. */
export interface QuantDepthwiseConv2DArgs extends ConvArgs {
  /** Output channels of each input channel; default 1. */
  depthMultiplier?: number;
  depthwiseQuantizer?: QuantizerSpec | null;
  /** Default glorotUniform, seeded. */
  depthwiseInitializer?: InitializerSpec;
  depthwiseRegularizer?: RegularizerSpec;
  depthwiseConstraint?: ConstraintSpec;
}

const rules: LayerRules<QuantDepthwiseConv2DArgs> = {
  ...convRules,
  depthMultiplier: option.any,
  depthwiseQuantizer: option.any,
  depthwiseInitializer: option.any,
  depthwiseRegularizer: option.any,
  depthwiseConstraint: option.any,
};

/** Depthwise convolution: x [n, h, w, c], kernel [kh, kw, c, m], output [n, h', w', c * m]. */
export class QuantDepthwiseConv2D extends ProductLayer {
  static className = 'QuantDepthwiseConv2D';
  readonly depthMultiplier: number;
  readonly options: ConvOptions;

  /** @throws BitgradError `invalid-option`, `unknown-name`, `incompatible` */
  constructor(args: QuantDepthwiseConv2DArgs) {
    super(layerOptions('QuantDepthwiseConv2D', args, rules), ['depthwise']);
    this.depthMultiplier = positiveInteger(
      args?.depthMultiplier ?? 1,
      'depthMultiplier of QuantDepthwiseConv2D',
    );
    this.options = convOptions(args);
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = singleShape(inputShape);
    const c = knownSize(shape, 4, -1, `layer "${this.name}"`);
    this.addKernel('depthwise', [...this.options.kernelSize, c, this.depthMultiplier], [-2, -1]);
    this.addBias(c * this.depthMultiplier);
    this.buildSlot('input', shape.slice(1), [-1]);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return convOutputShape(inputShape, this.options, (c) => c * this.depthMultiplier);
  }

  protected override product(x: QuantizedParts, training: boolean): tf.Tensor {
    return quantizedDepthwiseConv2d(x, this.kernelParts('depthwise', training), this.options);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...convConfig(this.options), depthMultiplier: this.depthMultiplier };
  }
}
tf.serialization.registerClass(QuantDepthwiseConv2D);

/** A {@link QuantDepthwiseConv2D} layer. */
export const quantDepthwiseConv2d = (args: QuantDepthwiseConv2DArgs): QuantDepthwiseConv2D =>
  new QuantDepthwiseConv2D(args);

/** Options of {@link QuantSeparableConv2D}. */
export interface QuantSeparableConv2DArgs extends QuantDepthwiseConv2DArgs {
  /** Number of output channels. */
  filters: number;
  pointwiseQuantizer?: QuantizerSpec | null;
  /** Default glorotUniform, seeded. */
  pointwiseInitializer?: InitializerSpec;
  pointwiseRegularizer?: RegularizerSpec;
  pointwiseConstraint?: ConstraintSpec;
}

const separableRules: LayerRules<QuantSeparableConv2DArgs> = {
  ...rules,
  filters: option.any,
  pointwiseQuantizer: option.any,
  pointwiseInitializer: option.any,
  pointwiseRegularizer: option.any,
  pointwiseConstraint: option.any,
};

/**
 * Depthwise convolution followed by a 1x1 convolution, with nothing between: x [n, h, w, c], depthwise kernel
 * [kh, kw, c, m], pointwise kernel [1, 1, c * m, filters]. The input quantizer acts on x only; the sums between are not
 * quantized, so the 1x1 product is not binary.
 */
export class QuantSeparableConv2D extends ProductLayer {
  static className = 'QuantSeparableConv2D';
  readonly filters: number;
  readonly depthMultiplier: number;
  readonly options: ConvOptions;

  /** @throws BitgradError `invalid-option`, `unknown-name`, `incompatible` */
  constructor(args: QuantSeparableConv2DArgs) {
    super(layerOptions('QuantSeparableConv2D', args, separableRules), ['depthwise', 'pointwise']);
    this.filters = positiveInteger(args?.filters, 'filters of QuantSeparableConv2D');
    this.depthMultiplier = positiveInteger(
      args.depthMultiplier ?? 1,
      'depthMultiplier of QuantSeparableConv2D',
    );
    this.options = convOptions(args);
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = singleShape(inputShape);
    const c = knownSize(shape, 4, -1, `layer "${this.name}"`);
    this.addKernel('depthwise', [...this.options.kernelSize, c, this.depthMultiplier], [-2, -1]);
    this.addKernel('pointwise', [1, 1, c * this.depthMultiplier, this.filters], [-1]);
    this.addBias(this.filters);
    this.buildSlot('input', shape.slice(1), [-1]);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return convOutputShape(inputShape, this.options, () => this.filters);
  }

  protected override product(x: QuantizedParts, training: boolean): tf.Tensor {
    const between = quantizedDepthwiseConv2d(x, this.kernelParts('depthwise', training), this.options);
    return quantizedConv2d(asInput(between), this.kernelParts('pointwise', training), {
      strides: [1, 1],
      dilations: [1, 1],
      padding: 'valid',
      padValues: 0,
      groups: 1,
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { filters, depthMultiplier } = this;
    return { ...super.getConfig(), ...convConfig(this.options), filters, depthMultiplier };
  }
}
tf.serialization.registerClass(QuantSeparableConv2D);

/** A {@link QuantSeparableConv2D} layer. */
export const quantSeparableConv2d = (args: QuantSeparableConv2DArgs): QuantSeparableConv2D =>
  new QuantSeparableConv2D(args);
