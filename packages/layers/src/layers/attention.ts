// The core of multi-head attention, without weights: the projections around it are layers of their own, so that each
// may be quantized or stay in float.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { attend, option } from '@bitgrad/core';
import { layerOptions } from '../layer-options.js';
import { called, singleShape, type LayerArgs, type Shape } from '../keras.js';
import { positiveInteger } from './conv-options.js';
import { attendedShape, expectHeads } from './heads.js';

/** Options of {@link Attention}. */
export interface AttentionArgs extends LayerArgs {
  /** Number of heads; divides the width. */
  heads: number;
}

/** {@link attend} as a layer: input [n, t, 3 * width], output [n, t, width]; no weights. */
export class Attention extends tfl.layers.Layer {
  static className = 'BitgradAttention';
  readonly heads: number;

  /** @throws BitgradError `invalid-option` unless `heads` is a positive integer */
  constructor(args: AttentionArgs) {
    super(layerOptions('Attention', args, { heads: option.any }));
    this.heads = positiveInteger(args?.heads, 'heads of Attention');
  }

  /** @throws BitgradError `shape-mismatch` unless the last axis is 3 * heads * d */
  override build(inputShape: Shape | Shape[]): void {
    expectHeads(this.name, singleShape(inputShape), this.heads);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return attendedShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return called(this, inputs, kwargs, (x) => attend(x, this.heads));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), heads: this.heads };
  }
}
tf.serialization.registerClass(Attention);

/** An {@link Attention} layer. */
export const attention = (args: AttentionArgs): Attention => new Attention(args);
