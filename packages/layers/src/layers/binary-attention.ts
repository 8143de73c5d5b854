// Attention whose queries, keys, values and weights have one bit each: both products are of packed bits when deployed.
import * as tf from '@tensorflow/tfjs-core';
import { option, type QuantizerSpec } from '@bitgrad/core';
import { layerOptions, quantRules, type LayerRules } from '../layer-options.js';
import { called, singleShape, type Shape } from '../keras.js';
import { QuantLayer, type QuantLayerArgs } from '../quant-layer.js';
import { valueOf } from '../quantizers.js';
import { positiveInteger } from './conv-options.js';
import { attendedShape, expectHeads } from './heads.js';

/** Options of {@link BinaryAttention}. */
export interface BinaryAttentionArgs extends QuantLayerArgs {
  /** Number of heads; divides the width. */
  heads: number;
  /** Quantizer of the scores Q K^T / sqrt(d), which makes them weights of 0 and 1; default none: the scores are used. */
  scoreQuantizer?: QuantizerSpec | null;
}

const rules: LayerRules<BinaryAttentionArgs> = {
  ...quantRules,
  heads: option.any,
  scoreQuantizer: option.any,
};

/**
 * Bi-Attention (Qin et al., BiBERT, arXiv 2203.06390, section 3.2): bool(Q K^T / sqrt(d)) V of each head, without softmax,
 * where Q, K and V are quantized by the input quantizer and bool is the score quantizer (`heaviside`: 1 from 0 on).
 * Input [n, t, 3 * width]: queries, keys and values; output [n, t, width], sums over tokens; no weights.
 */
export class BinaryAttention extends QuantLayer {
  static className = 'BitgradBinaryAttention';
  readonly heads: number;

  /** @throws BitgradError `invalid-option`, `unknown-name`, `incompatible` */
  constructor(args: BinaryAttentionArgs) {
    super(layerOptions('BinaryAttention', args, rules), [], ['input', 'score']);
    this.heads = positiveInteger(args?.heads, 'heads of BinaryAttention');
  }

  override slotNames(): readonly string[] {
    return ['input', 'score'];
  }

  /** @throws BitgradError `shape-mismatch` unless the last axis is 3 * heads * d */
  override build(inputShape: Shape | Shape[]): void {
    const shape = singleShape(inputShape);
    expectHeads(this.name, shape, this.heads);
    this.buildSlot('input', shape.slice(1), [-1]);
    const t = shape[1] as number;
    this.buildSlot('score', [this.heads, t, t], [-1]);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return attendedShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return called(this, inputs, kwargs, (x, training) => {
      const [n, t, size] = x.shape as [number, number, number];
      const d = size / 3 / this.heads;
      const heads = (part: tf.Tensor) => tf.transpose(tf.reshape(part, [n, t, this.heads, d]), [0, 2, 1, 3]);
      const quantized = valueOf(this.parts('input', x, training));
      const [q, k, v] = tf.split(quantized, 3, -1).map(heads) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(d));
      const weights = valueOf(this.parts('score', scores, training));
      return tf.reshape(tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]), [n, t, size / 3]);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), heads: this.heads };
  }
}
tf.serialization.registerClass(BinaryAttention);

/** A {@link BinaryAttention} layer. */
export const binaryAttention = (args: BinaryAttentionArgs): BinaryAttention => new BinaryAttention(args);
