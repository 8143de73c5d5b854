// What a layer's quantizers amount to when deployed: kernels as levels and scales, inputs as codes.
import * as tf from '@tensorflow/tfjs-core';
import {
  BitgradError,
  forwardValue,
  quantizeContext,
  type QuantizeOptions,
  type Quantizer,
} from '@bitgrad/core';
import type { QuantLayer } from '@bitgrad/layers';
import type { Binarization } from './packing/emit.js';
import { deployed, type DeployedKernel } from './packing/kernel.js';
import { onRows, tidied } from './tidy.js';

const unsupported = (layer: string, what: string, next: string): never => {
  throw new BitgradError({
    code: 'unsupported-op',
    source: 'compiler',
    what: `layer "${layer}": ${what}`,
    next,
  });
};

const hardened = (layer: QuantLayer, slot: string): { quantizer: Quantizer; options: QuantizeOptions } => ({
  quantizer: layer.slots.get(slot)!.quantizer,
  options: { ...layer.quantizeOptions(slot), training: false, hard: true },
});

/** Quantizes a kernel as deployed; a kernel without quantizer has its own values as levels. */
export function deployKernel(
  layer: QuantLayer | null,
  slot: string,
  kernel: tf.Tensor,
  channels: number,
): DeployedKernel {
  return tidied(() => {
    if (!layer?.slots.has(slot))
      return { levels: new Float32Array(kernel.dataSync()), scale: Float32Array.of(1), binary: false };
    const { quantizer, options } = hardened(layer, slot);
    const context = quantizeContext(quantizer, options);
    const { forward } = quantizer;
    const u = forward.prepare ? forward.prepare(kernel, context) : kernel;
    const levels = new Float32Array(forwardValue(forward, u, context).dataSync());
    const scale = new Float32Array(forward.scale?.(u, context)?.dataSync() ?? [1]);
    if (scale.length !== 1 && scale.length !== channels)
      unsupported(
        layer.name,
        `scale of quantizer "${quantizer.name}" has ${scale.length} entries`,
        'Use one scale, or one for each output channel.',
      );
    return deployed(levels, scale);
  });
}

/** A deployed two-level input quantizer: value = code === 1 ? high : low. */
export interface DeployedInput {
  readonly low: number;
  readonly high: number;
  /** Codes +1 / -1 on a tensor [n, (1,)* c]. */
  codes(x: tf.Tensor): tf.Tensor;
  /** True when channels may differ, as with learned thresholds. */
  readonly perChannel: boolean;
}

/** How bits are made of it. */
export const binarization = ({ codes, perChannel }: DeployedInput): Binarization => ({
  codes: onRows(codes),
  perChannel,
});

/** A deployed input quantizer with more levels, or with levels that are not constant: its values by the graph. */
export interface DeployedSteps {
  readonly levels: readonly number[];
  /** Quantized values on a tensor. */
  values(x: tf.Tensor): tf.Tensor;
}

/**
 * An input quantizer as deployed.
 * @throws BitgradError `unsupported-op` when its output at one place depends on the input at others
 */
export function deployInput(layer: QuantLayer, slot = 'input'): DeployedInput | DeployedSteps | undefined {
  if (!layer.slots.has(slot)) return undefined;
  const { quantizer, options } = hardened(layer, slot);
  const { forward } = quantizer;
  const context = quantizeContext(quantizer, options);
  const values = (x: tf.Tensor): tf.Tensor =>
    tf.tidy(() =>
      tf.clone(forwardValue(forward, forward.prepare ? forward.prepare(x, context) : x, context)),
    );
  checkLocal(layer, quantizer, options, values);
  if (forward.levels.length !== 2) return { levels: forward.levels, values };
  const [low, high] = forward.levels as [number, number];
  const middle = (low + high) / 2;
  return {
    low,
    high,
    perChannel: layer.slots.get(slot)!.parameters.some(({ spec }) => spec.deployed),
    codes: (x) => tf.tidy(() => tf.sub(tf.mul(tf.cast(tf.greater(values(x), middle), 'float32'), 2), 1)),
  };
}

/** Quantizes two inputs that share some rows: a quantizer that looks beyond each element is found out. */
const checkLocal = (
  layer: QuantLayer,
  quantizer: Quantizer,
  options: QuantizeOptions,
  values: (x: tf.Tensor) => tf.Tensor,
): void => {
  const next = 'Use an input quantizer without scale or statistics of its input, such as "ste" or "rsign".';
  const { forward, name } = quantizer;
  tf.tidy(() => {
    const rank = options.site.shape.length;
    const channels = options.site.shape.at(-1)!;
    const shape = (rows: number) => [rows, ...Array<number>(rank - 1).fill(1), channels];
    const alone = tf.tensor(
      Float32Array.from({ length: channels }, (_, i) => Math.sin(i + 1)),
      shape(1),
    );
    const other = tf.tensor(
      Float32Array.from({ length: channels }, (_, i) => 40 + 9 * Math.cos(i)),
      shape(1),
    );
    const first = (t: tf.Tensor) => tf.slice(t, Array<number>(rank + 1).fill(0), shape(1)).dataSync();
    const same = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).every((v, i) => v === b[i]);
    if (!same(first(values(alone)), first(values(tf.concat([alone, other])))))
      unsupported(
        layer.name,
        `input quantizer "${name}" depends on more than the element and its channel`,
        next,
      );
    if (!forward.scale) return;
    const context = quantizeContext(quantizer, options);
    const scale = (x: tf.Tensor) =>
      forward.scale!(forward.prepare ? forward.prepare(x, context) : x, context)?.dataSync() ?? [];
    if (![...scale(alone), ...scale(other)].every((s) => s === 1))
      unsupported(layer.name, `input quantizer "${name}" has a scale, which packed bits cannot carry`, next);
  });
};
