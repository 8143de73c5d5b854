// 2-D and 1-D convolutions with a quantized kernel and input.
import * as tf from '@tensorflow/tfjs-core';
import { windowExtent } from '@bitgrad/bits';
import { BitgradError, option } from '@bitgrad/core';
import { convRules, kernelRules, layerOptions, type LayerRules } from '../layer-options.js';
import { knownSize, singleShape, type Shape } from '../keras.js';
import { ProductLayer, type KernelArgs } from '../product-layer.js';
import { quantizedConv2d } from '../product.js';
import { reshaped, type QuantizedParts } from '../quantizers.js';
import {
  convConfig,
  convOptions,
  convOutputShape,
  convOutputSize,
  positiveInteger,
  type ConvArgs,
  type ConvOptions,
} from './conv-options.js';

/** Options of {@link QuantConv2D}. */
export interface QuantConv2DArgs extends ConvArgs, KernelArgs {
  /** Number of output channels. */
  filters: number;
  /** Channel groups, a divisor of the input channels and of `filters`; default 1. */
  groups?: number;
}

const rules1d: LayerRules<QuantConv1DArgs> = { ...convRules, ...kernelRules, filters: option.any };
const rules: LayerRules<QuantConv2DArgs> = { ...rules1d, groups: option.any };

/** 2-D convolution: x [n, h, w, c], kernel [kh, kw, c / groups, filters]. */
export class QuantConv2D extends ProductLayer {
  static className = 'QuantConv2D';
  readonly filters: number;
  readonly options: ConvOptions;

  /** @throws BitgradError `invalid-option`, `unknown-name`, `incompatible` */
  constructor(args: QuantConv2DArgs) {
    super(layerOptions('QuantConv2D', args, rules), ['kernel']);
    this.filters = positiveInteger(args?.filters, 'filters of QuantConv2D');
    const groups = positiveInteger(args.groups ?? 1, 'groups of QuantConv2D');
    this.options = convOptions(args, groups);
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = singleShape(inputShape);
    const c = knownSize(shape, 4, -1, `layer "${this.name}"`);
    const { groups, kernelSize } = this.options;
    if (c % groups || this.filters % groups)
      throw new BitgradError({
        code: 'invalid-option',
        source: 'layers',
        what: `groups of layer "${this.name}"`,
        got: groups,
        expected: `a divisor of the ${c} input channels and of the ${this.filters} filters`,
      });
    this.addKernel('kernel', [...kernelSize, c / groups, this.filters], [-1]);
    this.addBias(this.filters);
    this.buildSlot('input', shape.slice(1), [-1]);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return convOutputShape(inputShape, this.options, () => this.filters);
  }

  protected override product(x: QuantizedParts, training: boolean): tf.Tensor {
    return quantizedConv2d(x, this.kernelParts('kernel', training), this.options);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { filters, options } = this;
    return { ...super.getConfig(), ...convConfig(options), filters, groups: options.groups };
  }
}
tf.serialization.registerClass(QuantConv2D);

/** A {@link QuantConv2D} layer. */
export const quantConv2d = (args: QuantConv2DArgs): QuantConv2D => new QuantConv2D(args);

/** Options of {@link QuantConv1D}; sizes are one number each. */
export interface QuantConv1DArgs extends Omit<ConvArgs, 'padding'>, KernelArgs {
  /** Number of output channels. */
  filters: number;
  /**
   * 'valid' (default), 'same', 'causal' (all of it before, so that no output sees an input after its own place), or numbers
   * of elements: one for both ends, or [before, after].
   */
  padding?: 'valid' | 'same' | 'causal' | number | readonly [before: number, after: number];
}

const widen = (value: number | readonly number[] | null | undefined): [number, number] => {
  const width = Array.isArray(value) ? value[0] : (value ?? 1);
  return [1, (Array.isArray(value) && value.length !== 1 ? Number.NaN : width) as number];
};

/** The padding of one axis as that of a convolution of height 1. */
const paddingOfWidth = ({ padding, kernelSize, dilationRate }: QuantConv1DArgs): ConvArgs['padding'] => {
  if (padding === 'causal')
    return [[0, 0], [windowExtent(widen(kernelSize)[1], widen(dilationRate)[1]) - 1, 0]]; // prettier-ignore
  if (padding === undefined || typeof padding === 'string') return padding;
  const [before, after] = typeof padding === 'number' ? [padding, padding] : padding;
  return [[0, 0], [before, after]]; // prettier-ignore
};

/** 1-D convolution: x [n, w, c], kernel [k, c, filters]. */
export class QuantConv1D extends ProductLayer {
  static className = 'QuantConv1D';
  readonly filters: number;
  /** As a convolution of height 1. */
  readonly options: ConvOptions;

  /** @throws BitgradError `invalid-option`, `unknown-name`, `incompatible` */
  constructor(args: QuantConv1DArgs) {
    super(layerOptions('QuantConv1D', args, rules1d), ['kernel']);
    this.filters = positiveInteger(args?.filters, 'filters of QuantConv1D');
    this.options = convOptions({
      ...args,
      padding: paddingOfWidth(args),
      kernelSize: widen(args.kernelSize),
      strides: widen(args.strides),
      dilationRate: widen(args.dilationRate),
    });
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = singleShape(inputShape);
    const c = knownSize(shape, 3, -1, `layer "${this.name}"`);
    this.addKernel('kernel', [this.options.kernelSize[1], c, this.filters], [-1]);
    this.addBias(this.filters);
    this.buildSlot('input', shape.slice(1), [-1]);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [n, w] = singleShape(inputShape) as [number | null, number | null];
    return [n, convOutputSize(w, this.options, 1), this.filters];
  }

  protected override product(x: QuantizedParts, training: boolean): tf.Tensor {
    const rows = (parts: QuantizedParts, axis: number): QuantizedParts =>
      reshaped(parts, (t) => tf.expandDims(t, axis));
    const kernel = this.kernelParts('kernel', training);
    return tf.squeeze(quantizedConv2d(rows(x, 1), rows(kernel, 0), this.options), [1]);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { kernelSize, strides, dilations, padding } = this.options;
    return {
      ...super.getConfig(),
      ...convConfig(this.options),
      kernelSize: [kernelSize[1]],
      strides: [strides[1]],
      ...(typeof padding === 'string' ? {} : { padding: [...padding[1]] }),
      dilationRate: [dilations[1]],
      filters: this.filters,
    };
  }
}
tf.serialization.registerClass(QuantConv1D);

/** A {@link QuantConv1D} layer. */
export const quantConv1d = (args: QuantConv1DArgs): QuantConv1D => new QuantConv1D(args);
