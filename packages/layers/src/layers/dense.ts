// Fully connected layer with a quantized kernel and input.
import * as tf from '@tensorflow/tfjs-core';
import { option } from '@bitgrad/core';
import { kernelRules, layerOptions, productRules, type LayerRules } from '../layer-options.js';
import { knownSize, singleShape, type Shape } from '../keras.js';
import { ProductLayer, type KernelArgs, type ProductArgs } from '../product-layer.js';
import { quantizedMatMul } from '../product.js';
import type { QuantizedParts } from '../quantizers.js';
import { positiveInteger } from './conv-options.js';

/** Options of {@link QuantDense}. */
export interface QuantDenseArgs extends ProductArgs, KernelArgs {
  /** Number of outputs. */
  units: number;
}

const rules: LayerRules<QuantDenseArgs> = { ...productRules, ...kernelRules, units: option.any };

/** y = activation(Q_in(x) Q_kernel(W) + b): x [..., k], W [k, units], b [units]. */
export class QuantDense extends ProductLayer {
  static className = 'QuantDense';
  readonly units: number;

  /** @throws BitgradError `invalid-option`, `unknown-name`, `incompatible` */
  constructor(args: QuantDenseArgs) {
    super(layerOptions('QuantDense', args, rules), ['kernel']);
    this.units = positiveInteger(args?.units, 'units of QuantDense');
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = singleShape(inputShape);
    const k = knownSize(shape, Math.max(2, shape.length), -1, `layer "${this.name}"`);
    this.addKernel('kernel', [k, this.units], [-1]);
    this.addBias(this.units);
    this.buildSlot('input', shape.slice(1), [-1]);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...singleShape(inputShape).slice(0, -1), this.units];
  }

  protected override product(x: QuantizedParts, training: boolean): tf.Tensor {
    return quantizedMatMul(x, this.kernelParts('kernel', training));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), units: this.units };
  }
}
tf.serialization.registerClass(QuantDense);

/** A {@link QuantDense} layer. */
export const quantDense = (args: QuantDenseArgs): QuantDense => new QuantDense(args);
