// What a forward quantizer and a surrogate are given beside x.
import type { Tensor } from '@tensorflow/tfjs-core';
import type { TrainingClock } from './clock.js';

/** A value that survives JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** Options of a plugin's member: plain JSON, so that configurations round trip. */
export type JsonObject = { readonly [key: string]: Json };

/** Named numbers that a schedule gives, such as `{ mu: 12 }`. */
export type Scalars = Readonly<Record<string, number>>;

/** What a quantizer is applied to. */
export type QuantizerRole = 'kernel' | 'input';

/** The place in a layer where a quantizer is used. */
export interface QuantizerSite {
  readonly role: QuantizerRole;
  /** Kernel shape, or input shape without the batch axis. */
  readonly shape: readonly number[];
  /**
   * Axes of the tensor that `x` is (batch included for inputs, counted from the end: -1 is the last) that index
   * channels with a scale, threshold or statistic of their own. Conv and dense kernels: [-1]; depthwise kernels
   * [h, w, c, m]: [-2, -1]; transposed conv kernels [h, w, out, in]: [-2]; inputs: [-1].
   */
  readonly channelAxes: readonly number[];
}

/** Everything beside x that decides a quantizer's output. */
export interface QuantizeContext {
  readonly site: QuantizerSite;
  readonly clock: TrainingClock;
  /** True in the forward pass of a training step: noise modules are on. */
  readonly training: boolean;
  /** True: use the exact levels of deployment, whatever the schedule says. */
  readonly hard: boolean;
  /** What the quantizer's schedule gives at `clock`, merged over its constant options. */
  readonly scalars: Scalars;
  /** The trainable tensors that this quantizer asked the layer to own, by name. */
  readonly parameters: Readonly<Record<string, Tensor>>;
}

/** Names of tensors computed from x, as inputs of an expression: a scalar or a vector along the last axis. */
export type Statistics = Readonly<Record<string, Tensor>>;
