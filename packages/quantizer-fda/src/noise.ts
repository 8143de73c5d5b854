// FDA's noise adaptation module: e(x) = relu(x W1) W2 + c sin(x), with a weight alpha that falls to 0 over training (arXiv
// 2103.00841, section 3.3). It exists in training steps only. The paper can be read in two ways: eq. 14 adds alpha e to
// the quantized value, Algorithm 1 lets e act in the backward pass alone.
import * as tf from '@tensorflow/tfjs-core';
import { customOp, detach, E, elementwise } from '@bitgrad/core';
import type { Expression, ParameterSpec, QuantizeContext, QuantizerSite, Rng } from '@bitgrad/core';

/** Shape of the noise module. */
export interface NoiseOptions {
  /** Hidden width is max(1, floor(d / k)). */
  readonly k: number;
  /** Factor of the shortcut sin(x). */
  readonly c: number;
  /** W1 and W2 are trained. */
  readonly trained?: boolean;
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** Axes of a site's tensor of `rank` axes that index channels, ascending and nonnegative. */
const channelAxes = (site: QuantizerSite, rank: number): number[] =>
  site.channelAxes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);

/** Width d of the module: the fan-in of a kernel, the channels of an input. */
export function noiseWidth(site: QuantizerSite): number {
  const channels = channelAxes(site, site.shape.length);
  return site.role === 'input'
    ? site.shape.at(-1)!
    : product(site.shape.filter((_, i) => !channels.includes(i)));
}

/** Uniform in +-1 / sqrt(fanIn), as PyTorch's nn.Linear, which the reimplementation in BiBench uses. */
const uniform = (size: number, fanIn: number) => (rng: Rng) =>
  Float32Array.from({ length: size }, () => (2 * rng.next() - 1) / Math.sqrt(fanIn));

/** W1 [d, h] and W2 [h, d] of a site; neither is deployed. */
export function noiseParameters(site: QuantizerSite, { k }: NoiseOptions): ParameterSpec[] {
  const d = noiseWidth(site);
  const hidden = Math.max(1, Math.floor(d / k));
  return [
    { name: 'noise-w1', shape: [d, hidden], deployed: false, initialize: uniform(d * hidden, d) },
    { name: 'noise-w2', shape: [hidden, d], deployed: false, initialize: uniform(d * hidden, hidden) },
  ];
}

/**
 * e(x), differentiable in x, W1 and W2. Kernels are seen as one row of fan-in values for each output channel, inputs as
 * one row of channels for each position.
 * @param x float32, the latent tensor of the site
 * @returns float32 of x's shape
 */
export function noise(
  x: tf.Tensor,
  context: QuantizeContext,
  { c, trained = true }: NoiseOptions,
): tf.Tensor {
  const hold = (w: tf.Tensor): tf.Tensor => (trained ? w : detach(w, tf.clone));
  const w1 = hold(context.parameters['noise-w1']!);
  const w2 = hold(context.parameters['noise-w2']!);
  const { toRows, fromRows } = rowsOf(x, context.site);
  const rows = toRows(x);
  const adapted = tf.matMul(tf.relu(tf.matMul(rows, w1 as tf.Tensor2D)), w2 as tf.Tensor2D);
  return addSine(fromRows(adapted), x, c);
}

/** a + c sin(x) and the gradient of x, by c: expressions that are used again are made ready once. */
const sines = new Map<number, { readonly value: Expression; readonly gradient: Expression }>();
const sineOf = (c: number) => {
  const x = E.input('x');
  const made = sines.get(c) ?? {
    value: E.add(E.input('a'), E.mul(c, E.sin(x))),
    gradient: E.mul(E.input('dy'), E.mul(c, E.cos(x))),
  };
  sines.set(c, made);
  return made;
};

/** a + c sin(x): by fused kernels, since sines of TensorFlow.js, one number at a time, took two thirds of a training step. */
function addSine(a: tf.Tensor, x: tf.Tensor, c: number): tf.Tensor {
  const { value, gradient } = sineOf(c);
  return customOp(
    [a, x],
    ([a, x]) => ({ value: elementwise(value, { a: a!, x: x! }, x!.shape), saved: [x!] }),
    (dy, [x]) => [tf.clone(dy), elementwise(gradient, { dy, x: x! }, x!.shape)],
  );
}

const rowsOf = (x: tf.Tensor, site: QuantizerSite) => {
  const shape = x.shape;
  const channels = site.role === 'input' ? [] : channelAxes(site, shape.length);
  if (site.role === 'input' || channels.length === 0) {
    const d = shape.at(-1)!;
    return {
      toRows: (t: tf.Tensor) => tf.reshape(t, [-1, d]) as tf.Tensor2D,
      fromRows: (t: tf.Tensor) => tf.reshape(t, shape),
    };
  }
  // Channels first: [channels..., fan-in...] -> [C, d].
  const order = [...channels, ...shape.map((_, i) => i).filter((i) => !channels.includes(i))];
  const back = order.map((_, i) => order.indexOf(i));
  const permuted = order.map((i) => shape[i]!);
  const rows = product(channels.map((i) => shape[i]!));
  return {
    toRows: (t: tf.Tensor) => tf.reshape(tf.transpose(t, order), [rows, x.size / rows]) as tf.Tensor2D,
    fromRows: (t: tf.Tensor) => tf.transpose(tf.reshape(t, permuted), back),
  };
};
