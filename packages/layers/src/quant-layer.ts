// The base of all quantized layers: it owns the quantizers, their sites and their trainable parameters, and carries the
// clock and the hardened flag as plain fields (set for a whole model by model.ts).
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {
  BitgradError,
  brand,
  createRng,
  initialClock,
  type ParameterSpec,
  type Quantizer,
  type QuantizerRole,
  type QuantizerSite,
  type QuantizeOptions,
  type QuantizerSpec,
  type Rng,
  type TrainingClock,
} from '@bitgrad/core';
import type { LayerArgs, LayerVariable, Shape } from './keras.js';
import { quantizeParts, resolveQuantizer, serializeQuantizer, type QuantizedParts } from './quantizers.js';

/** Options of every quantized layer, beside those of any tfjs layer. */
export interface QuantLayerArgs extends LayerArgs {
  /** Quantizer of the layer's input; default none: the input is used as it is. */
  inputQuantizer?: QuantizerSpec | null;
  /** Decides default kernel initializers and the initial values of quantizer parameters; default: the layer's name. */
  seed?: number | null;
}

/** A trainable tensor of a quantizer, owned by its layer as the weight `<slot>_<name>`. */
export interface QuantizerParameter {
  readonly spec: ParameterSpec;
  readonly weight: LayerVariable;
}

/** One use of a quantizer in a layer. */
export interface QuantizerSlot {
  /** 'input', 'kernel', 'depthwise', 'pointwise' or 'score': the option is `<slot>Quantizer`. */
  readonly name: string;
  readonly role: QuantizerRole;
  readonly quantizer: Quantizer;
  /** Set when the layer is built. */
  site?: QuantizerSite;
  parameters: QuantizerParameter[];
}

/** Base class of the quantized layers. */
export abstract class QuantLayer extends tfl.layers.Layer {
  /** Where training stands; set by `setClock`, not saved. */
  clock: TrainingClock = initialClock;
  /** True: exact levels of deployment in every pass; set by `setHardened`, not saved. */
  hardened = false;
  /** True inside `withQuantizedWeights`: kernels hold quantized values and are used as they are. */
  kernelsAreQuantized = false;
  readonly seed: number | null;
  /** The quantizers in use, by slot name. */
  readonly slots: ReadonlyMap<string, QuantizerSlot>;

  /** @throws BitgradError `unknown-name`, `incompatible`, `invalid-option` */
  constructor(
    args: QuantLayerArgs,
    kernelSlots: readonly string[],
    inputSlots: readonly string[] = ['input'],
  ) {
    super(args);
    this.seed = args.seed ?? null;
    const slots = new Map<string, QuantizerSlot>();
    for (const name of [...inputSlots, ...kernelSlots]) {
      const option = `${name}Quantizer`;
      const role = inputSlots.includes(name) ? 'input' : 'kernel';
      const spec = (args as Record<string, unknown>)[option] as QuantizerSpec | null | undefined;
      const quantizer = resolveQuantizer(spec, role, `${option} of layer "${this.name}"`);
      if (quantizer) slots.set(name, { name, role, quantizer, parameters: [] });
    }
    this.slots = slots;
  }

  /** The layer's random stream for a purpose. */
  protected rng(purpose: string): Rng {
    const root = this.seed === null ? createRng(0).fork(this.name) : createRng(this.seed);
    return root.fork(purpose);
  }

  /** Fixes where a slot's quantizer is used and creates its parameters. Does nothing for a slot without quantizer. */
  protected buildSlot(name: string, shape: Shape, channelAxes: readonly number[]): void {
    const slot = this.slots.get(name);
    if (!slot) return;
    const { quantizer } = slot;
    const specs = quantizer.parameters;
    if (specs && shape.some((size) => typeof size !== 'number'))
      throw new BitgradError({
        code: 'shape-mismatch',
        source: 'layers',
        what: `quantizer "${quantizer.name}" of layer "${this.name}" has parameters, whose shapes need a known ${name} shape`,
        got: shape,
        next: 'Give the model a fixed input shape.',
      });
    slot.site = { role: slot.role, shape: shape as number[], channelAxes };
    slot.parameters = (quantizer.parameters?.(slot.site) ?? []).map((spec) => {
      const weightName = `${name}_${spec.name}`;
      const values = spec.initialize(this.rng(weightName));
      const initializer = { apply: () => tf.tensor(values, [...spec.shape]) };
      return {
        spec,
        weight: this.addWeight(weightName, [...spec.shape], 'float32', initializer as never, undefined, true),
      };
    });
  }

  /** How a slot's quantizer is applied in the layer's present state. */
  quantizeOptions(name: string, training = false): QuantizeOptions {
    const slot = this.slots.get(name);
    if (!slot?.site)
      throw new BitgradError({
        code: 'invalid-state',
        source: 'layers',
        what: `slot of layer "${this.name}"`,
        got: name,
        expected: slot ? 'a built layer' : `one of ${[...this.slots.keys()].join(', ') || '(none)'}`,
      });
    return {
      site: slot.site,
      clock: this.clock,
      training,
      hard: this.hardened,
      parameters: Object.fromEntries(slot.parameters.map(({ spec, weight }) => [spec.name, weight.read()])),
    };
  }

  /** Quantizes x by a slot; x as it is where the slot has no quantizer. */
  protected parts(name: string, x: tf.Tensor, training: boolean): QuantizedParts {
    const slot = this.slots.get(name);
    if (!slot || (slot.role === 'kernel' && this.kernelsAreQuantized)) return { levels: x, exact: false };
    return quantizeParts(slot.quantizer, x, this.quantizeOptions(name, training));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const config = super.getConfig();
    for (const name of this.slotNames())
      config[`${name}Quantizer`] = serializeQuantizer(this.slots.get(name)?.quantizer ?? null);
    config['seed'] = this.seed;
    return config;
  }

  /** Every slot that the layer's options can fill. */
  abstract slotNames(): readonly string[];
}

const mark = brand<QuantLayer>('layers.QuantLayer');
mark.mark(QuantLayer.prototype);

/** Whether a layer is a quantized one, of this copy of the package or of another. */
export const isQuantLayer = (layer: unknown): layer is QuantLayer => mark.has(layer);
