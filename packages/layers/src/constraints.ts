// The constraint that binary latent weights need: a surrogate that is 0 outside [-1, 1] never brings a weight back
// that has left it. tfjs-layers itself applies constraints on `write` only, not in `fit`: see applyConstraints.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { option } from '@bitgrad/core';
import { savedOptions } from './layer-options.js';

/** Options of {@link weightClip}. */
export interface WeightClipArgs {
  /** Weights are clipped to [-clipValue, clipValue]; positive, default 1. */
  clipValue?: number;
}

type ConstraintBase = new () => tf.serialization.Serializable & { apply(w: tf.Tensor): tf.Tensor };
// tfjs-layers accepts only instances of its own Constraint class, which it does not export by name.
const Base = Object.getPrototypeOf(tfl.constraints.nonNeg().constructor) as ConstraintBase;

/** Clips weights to [-clipValue, clipValue] after each update (BinaryConnect, arXiv 1511.00363, algorithm 1). */
export class WeightClip extends Base {
  static className = 'WeightClip';
  readonly clipValue: number;

  /** @throws BitgradError `invalid-option` unless `clipValue` is a positive number */
  constructor(args: WeightClipArgs = {}) {
    super();
    this.clipValue = savedOptions('weightClip', args, { clipValue: option.positive }).clipValue ?? 1;
  }

  override apply(w: tf.Tensor): tf.Tensor {
    return tf.clipByValue(w, -this.clipValue, this.clipValue);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { clipValue: this.clipValue };
  }
}
tf.serialization.registerClass(WeightClip as never);

/** The constraint {@link WeightClip}; `'weightClip'` names it in a layer's options. */
export const weightClip = (args: WeightClipArgs = {}): WeightClip => new WeightClip(args);
