// A quantized layer with kernels: Keras' options for each kernel and for the bias, and the common end of `call`.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { brand, type QuantizerSpec } from '@bitgrad/core';
import {
  called,
  resolveActivation,
  resolveConstraint,
  resolveInitializer,
  resolveRegularizer,
  serializeKeras,
  type Activation,
  type ActivationSpec,
  type Constraint,
  type ConstraintSpec,
  type Initializer,
  type InitializerSpec,
  type LayerVariable,
  type Regularizer,
  type RegularizerSpec,
} from './keras.js';
import { QuantLayer, type QuantLayerArgs } from './quant-layer.js';
import type { QuantizedParts } from './quantizers.js';

/** Options of the bias and the activation, as in Keras. */
export interface ProductArgs extends QuantLayerArgs {
  /** Default true. */
  useBias?: boolean;
  /** Applied to the output; default none. */
  activation?: ActivationSpec;
  /** Default zeros. */
  biasInitializer?: InitializerSpec;
  biasRegularizer?: RegularizerSpec;
  biasConstraint?: ConstraintSpec;
}

/** Options of a layer with one kernel. */
export interface KernelArgs {
  kernelQuantizer?: QuantizerSpec | null;
  /** Default glorotUniform, seeded. */
  kernelInitializer?: InitializerSpec;
  kernelRegularizer?: RegularizerSpec;
  kernelConstraint?: ConstraintSpec;
}

interface KernelOptions {
  initializer: Initializer;
  regularizer: Regularizer | null;
  constraint: Constraint | null;
}

/** Base class of the layers that multiply by quantized kernels. */
export abstract class ProductLayer extends QuantLayer {
  readonly useBias: boolean;
  readonly activation: Activation | null;
  /** The latent weights, by slot name. */
  readonly kernels = new Map<string, LayerVariable>();
  bias: LayerVariable | null = null;
  private readonly kernelOptions: ReadonlyMap<string, KernelOptions>;
  private readonly biasOptions: KernelOptions;

  constructor(args: ProductArgs, kernelSlots: readonly string[]) {
    super(args, kernelSlots);
    const options = args as unknown as Record<string, never>;
    this.kernelOptions = new Map(
      kernelSlots.map((slot) => {
        // Never 0: tfjs takes a seed of 0 for none in some of its initializers.
        const seed = 1 + this.rng(`${slot}_initializer`).integer(0x7ffffffe);
        return [
          slot,
          {
            initializer: resolveInitializer(
              options[`${slot}Initializer`],
              tfl.initializers.glorotUniform({ seed }) as Initializer,
            ),
            regularizer: resolveRegularizer(options[`${slot}Regularizer`]),
            constraint: resolveConstraint(options[`${slot}Constraint`]),
          },
        ];
      }),
    );
    this.useBias = args.useBias ?? true;
    this.activation = resolveActivation(args.activation);
    this.biasOptions = {
      initializer: resolveInitializer(args.biasInitializer, tfl.initializers.zeros() as Initializer),
      regularizer: resolveRegularizer(args.biasRegularizer),
      constraint: resolveConstraint(args.biasConstraint),
    };
  }

  override slotNames(): readonly string[] {
    return ['input', ...this.kernelOptions.keys()];
  }

  /** The constraint of a kernel, or null. */
  constraintOf(slot: string): Constraint | null {
    return this.kernelOptions.get(slot)?.constraint ?? null;
  }

  /** Creates a kernel and its quantizer's parameters. */
  protected addKernel(slot: string, shape: number[], channelAxes: readonly number[]): void {
    const { initializer, regularizer, constraint } = this.kernelOptions.get(slot)!;
    const name = slot === 'kernel' ? 'kernel' : `${slot}_kernel`;
    this.kernels.set(slot, this.addVariable(name, shape, { initializer, regularizer, constraint }));
    this.buildSlot(slot, shape, channelAxes);
  }

  /** Creates the bias, if the layer has one. */
  protected addBias(channels: number): void {
    if (this.useBias) this.bias = this.addVariable('bias', [channels], this.biasOptions);
  }

  private addVariable(name: string, shape: number[], options: KernelOptions): LayerVariable {
    const { initializer, regularizer, constraint } = options;
    return this.addWeight(
      name,
      shape,
      'float32',
      initializer as never,
      (regularizer ?? undefined) as never,
      true,
      (constraint ?? undefined) as never,
    );
  }

  /** The quantized kernel of a slot. */
  protected kernelParts(slot: string, training: boolean): QuantizedParts {
    return this.parts(slot, this.kernels.get(slot)!.read(), training);
  }

  /** The layer's product without bias and activation. */
  protected abstract product(x: QuantizedParts, training: boolean): tf.Tensor;

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return called(this, inputs, kwargs, (x, training) => {
      let y = this.product(this.parts('input', x, training), training);
      if (this.bias) y = tf.add(y, this.bias.read());
      return this.activation ? this.activation.apply(y) : y;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const config = super.getConfig();
    const add = (name: string, { initializer, regularizer, constraint }: KernelOptions) => {
      config[`${name}Initializer`] = serializeKeras(initializer);
      config[`${name}Regularizer`] = serializeKeras(regularizer);
      config[`${name}Constraint`] = serializeKeras(constraint);
    };
    this.kernelOptions.forEach((options, slot) => add(slot, options));
    add('bias', this.biasOptions);
    config['useBias'] = this.useBias;
    config['activation'] = this.activation?.getClassName() ?? 'linear';
    return config;
  }
}

const mark = brand<ProductLayer>('layers.ProductLayer');
mark.mark(ProductLayer.prototype);

/** Whether a layer multiplies by kernels that may be quantized; of this copy of the package or of another. */
export const isProductLayer = (layer: unknown): layer is ProductLayer => mark.has(layer);
