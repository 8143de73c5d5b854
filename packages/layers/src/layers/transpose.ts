// Transposed 2-D convolution with a quantized kernel and input.
import * as tf from '@tensorflow/tfjs-core';
import { BitgradError, option } from '@bitgrad/core';
import { convRules, kernelRules, layerOptions, type LayerRules } from '../layer-options.js';
import { knownSize, singleShape, type Shape } from '../keras.js';
import { ProductLayer, type KernelArgs } from '../product-layer.js';
import { quantizedConv2dTranspose } from '../product.js';
import type { QuantizedParts } from '../quantizers.js';
import { convConfig, convOptions, positiveInteger, type ConvArgs, type ConvOptions } from './conv-options.js';

/** Options of {@link QuantConv2DTranspose}. */
export interface QuantConv2DTransposeArgs extends ConvArgs, KernelArgs {
  /** Number of output channels. */
  filters: number;
}

const rules: LayerRules<QuantConv2DTransposeArgs> = { ...convRules, ...kernelRules, filters: option.any };

/**
 * Transposed convolution: x [n, h, w, c], kernel [kh, kw, filters, c]. Output size, as in tfjs-layers: h * stride for
 * 'same', h * stride + max(kh - stride, 0) for 'valid'.
 */
export class QuantConv2DTranspose extends ProductLayer {
  static className = 'QuantConv2DTranspose';
  readonly filters: number;
  readonly options: ConvOptions & { readonly padding: 'valid' | 'same' };

  /** @throws BitgradError `invalid-option` (dilation and one-padding too), `unknown-name`, `incompatible` */
  constructor(args: QuantConv2DTransposeArgs) {
    super(layerOptions('QuantConv2DTranspose', args, rules), ['kernel']);
    this.filters = positiveInteger(args?.filters, 'filters of QuantConv2DTranspose');
    const { padding, ...options } = convOptions(args);
    if (padding !== 'valid' && padding !== 'same')
      throw new BitgradError({
        code: 'invalid-option',
        source: 'layers',
        what: 'padding of QuantConv2DTranspose',
        got: args.padding,
        expected: "'valid' or 'same'",
      });
    this.options = { ...options, padding };
    if (this.options.padValues !== 0 || this.options.dilations.some((d) => d !== 1))
      throw new BitgradError({
        code: 'invalid-option',
        source: 'layers',
        what: 'padValues or dilationRate of QuantConv2DTranspose',
        got: { padValues: args.padValues, dilationRate: args.dilationRate },
        expected: 'padValues 0 and dilationRate 1: a transposed convolution has no padded taps',
      });
  }

  private outputSize(size: number, axis: 0 | 1): number {
    const stride = this.options.strides[axis];
    return (
      size * stride +
      (this.options.padding === 'same' ? 0 : Math.max(this.options.kernelSize[axis] - stride, 0))
    );
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = singleShape(inputShape);
    const c = knownSize(shape, 4, -1, `layer "${this.name}"`);
    this.addKernel('kernel', [...this.options.kernelSize, this.filters, c], [-2]);
    this.addBias(this.filters);
    this.buildSlot('input', shape.slice(1), [-1]);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [n, h, w] = singleShape(inputShape) as [number | null, number | null, number | null];
    return [
      n,
      h === null ? null : this.outputSize(h, 0),
      w === null ? null : this.outputSize(w, 1),
      this.filters,
    ];
  }

  protected override product(x: QuantizedParts, training: boolean): tf.Tensor {
    const [, h, w] = x.levels.shape as [number, number, number, number];
    const size = [this.outputSize(h, 0), this.outputSize(w, 1)] as const;
    const { strides, padding } = this.options;
    return quantizedConv2dTranspose(x, this.kernelParts('kernel', training), size, strides, padding);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...convConfig(this.options), filters: this.filters };
  }
}
tf.serialization.registerClass(QuantConv2DTranspose);

/** A {@link QuantConv2DTranspose} layer. */
export const quantConv2dTranspose = (args: QuantConv2DTransposeArgs): QuantConv2DTranspose =>
  new QuantConv2DTranspose(args);
