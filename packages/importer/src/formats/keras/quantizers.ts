// Quantizers of Larq, and of the BinaryNet layers for Keras, each with its value at the boundaries.
import { option } from '@bitgrad/bits';
import { tensorOf, type Tensor } from '../../graph.js';
import { bareName } from './config.js';
import type { KerasLayer, LayerOptions } from './layer.js';

/** What a quantizer makes of a value, and of a kernel where that differs. */
interface Quantizer {
  value(layer: KerasLayer, x: string): string;
  kernel?(layer: KerasLayer, x: string): string;
}

type Config = Readonly<Record<string, unknown>>;
type Create = (config: Config, layer: KerasLayer) => Quantizer;

/** Quantizers and activations as a file has them: a name, or a class with its configuration. */
export interface Named {
  readonly name: string;
  readonly config: Config;
}

/** @throws BitgradError for what is neither */
export function namedOf(layer: LayerOptions, key: string): Named | undefined {
  const given = layer.read<unknown>(key, option.either(option.string, option.object), undefined);
  if (given === undefined) return undefined;
  if (typeof given === 'string') return { name: bareName(given), config: {} };
  const { class_name: kind, config } = given as { class_name?: unknown; config?: unknown };
  // A function that Keras has no class for is saved by its name.
  if (kind === 'function' && typeof config === 'string') return { name: bareName(config), config: {} };
  if (typeof kind !== 'string') return layer.fail(`has "${key}" without a class_name`, 'Mend the file.');
  return { name: bareName(kind), config: (config ?? {}) as Config };
}

const step = (low: number, high: number, threshold: number) => (layer: KerasLayer, x: string): string =>
  layer.emit('step', [x], { low, high, threshold }); // prettier-ignore

/** Larq's sign: +1 at 0. */
const sign: Create = () => ({ value: step(-1, 1, 0) });

/**
 * BinaryNet's rounding of (x + 1) / 2 in float32, half to even: the lower value at 0, and where the sum is rounded to 1/2.
 * @see https://github.com/DingKe/nn_playground, binarynet
 */
const beyondZero = 2 ** -24 + 2 ** -48;

const numberOf = (config: Config, key: string, fallback: number, layer: KerasLayer): number => {
  const value = config[key] ?? fallback;
  return typeof value === 'number' ? value : layer.fail(`has a quantizer with ${key} ${JSON.stringify(value)}`, 'Give it a number.'); // prettier-ignore
};

const absolute = (t: Tensor): number => t.data.reduce((sum, v) => sum + Math.abs(v), 0);

/** -1, 0 and 1: not 0 from the threshold on, either side. */
const ternary =
  (threshold: number) =>
  (layer: KerasLayer, x: string): string => {
    // The least number above -threshold.
    const edges = tensorOf([1, 2], [-threshold * (1 - 2 ** -53), threshold]);
    const axis = Math.max(1, layer.shape(x).length - 1);
    return layer.emit('multiThreshold', [x, layer.constant(edges)], { scale: 1, offset: -1, axis });
  };

const only = (layer: KerasLayer, name: string): never =>
  layer.fail(`quantizes activations by ${name}, which needs all of a batch`, 'Use it for kernels only.');

/** k bits from 0 to 1, rounded half to even. */
const uniform = (bits: number) => (layer: KerasLayer, x: string): string => {
  const [scale, zero] = [layer.constant(1 / (2 ** bits - 1)), layer.constant(0)];
  return layer.emit('quant', [x, scale, zero], { bits, signed: false, narrow: false, rounding: 'ROUND' });
}; // prettier-ignore

const doReFa: Create = (config, layer) => {
  const bits = numberOf(config, 'k_bit', 2, layer);
  if (!(Number.isInteger(bits) && bits >= 1 && bits <= 12)) layer.fail(`quantizes to ${bits} bits`, 'Use 1 to 12 bits.'); // prettier-ignore
  const mode = config.mode ?? 'activations';
  if (mode === 'activations') return { value: uniform(bits) };
  if (mode !== 'weights') layer.fail(`has a quantizer of mode ${JSON.stringify(mode)}`, 'Use "activations" or "weights".'); // prettier-ignore
  return {
    value: () => only(layer, 'DoReFa of mode "weights"'),
    kernel(_, x) {
      const limited = layer.emit('tanh', [x]);
      const most = layer.tensor(limited).data.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
      // An all-zero kernel is halves.
      const scaled = layer.emit('mul', [limited, layer.constant(most === 0 ? 0 : 1 / (2 * most))]);
      const levels = uniform(bits)(layer, layer.emit('add', [scaled, layer.constant(0.5)]));
      return layer.emit('sub', [layer.emit('mul', [levels, layer.constant(2)]), layer.constant(1)]);
    },
  };
};

const magnitudeAware: Create = (_, layer) => ({
  value: () => only(layer, 'magnitude_aware_sign'),
  kernel(_layer, x) {
    const w = layer.tensor(x);
    const channels = w.shape.at(-1)!;
    const sums = new Float64Array(channels);
    w.data.forEach((v, i) => (sums[i % channels]! += Math.abs(v)));
    const scale = tensorOf([channels], sums.map((s) => (s * channels) / w.data.length)); // prettier-ignore
    return layer.emit('mul', [step(-1, 1, 0)(layer, x), layer.constant(scale)]);
  },
});

const steTern: Create = (config, layer) => {
  const threshold = Math.fround(numberOf(config, 'threshold_value', 0.05, layer));
  if (config.ternary_weight_networks !== true) return { value: ternary(threshold) };
  return {
    value: () => only(layer, 'ste_tern with ternary_weight_networks'),
    kernel(_, x) {
      const w = layer.tensor(x);
      return ternary((0.7 * absolute(w)) / w.data.length)(layer, x);
    },
  };
};

const identity: Create = () => ({ value: (_, x) => x });
const heaviside: Create = () => ({
  value: (layer, x) => layer.emit('greater', [x, layer.constant(0)]),
});

const quantizers: Readonly<Record<string, Create>> = {
  ste_sign: sign,
  SteSign: sign,
  approx_sign: sign,
  ApproxSign: sign,
  swish_sign: sign,
  SwishSign: sign,
  magnitude_aware_sign: magnitudeAware,
  MagnitudeAwareSign: magnitudeAware,
  ste_tern: steTern,
  SteTern: steTern,
  ste_heaviside: heaviside,
  SteHeaviside: heaviside,
  dorefa_quantizer: doReFa,
  DoReFa: doReFa,
  DoReFaQuantizer: doReFa,
  NoOp: identity,
  NoOpQuantizer: identity,
  binary_tanh: () => ({ value: step(-1, 1, beyondZero) }),
  binary_sigmoid: () => ({ value: step(0, 1, beyondZero) }),
};

/** Options of the quantizers; those of the backward pass have no part in inference. */
const options = ['name', 'trainable', 'dtype', 'metrics', 'clip_value', 'beta', 'precision', 'k_bit', 'mode', 'threshold_value', 'ternary_weight_networks']; // prettier-ignore

/** The quantizer of a name, or undefined. */
export function quantizerOf(layer: KerasLayer, { name, config }: Named): Quantizer | undefined {
  if (!Object.hasOwn(quantizers, name)) return undefined;
  const other = Object.keys(config).find((key) => !options.includes(key) && config[key] !== null);
  if (other !== undefined) layer.fail(`has a quantizer ${name} with the option "${other}", which is not known`, `Known: ${options.join(', ')}.`); // prettier-ignore
  return quantizers[name]!(config, layer);
}

/** A value or kernel as the quantizer that an option names makes it; as it is where the option names none. */
export function quantized(layer: KerasLayer, key: string, x: string, of: 'value' | 'kernel'): string {
  const given = namedOf(layer, key);
  if (!given) return x;
  const found = quantizerOf(layer, given) ?? layer.fail(`has the ${key} ${given.name}, which is not known`, `Use one of ${Object.keys(quantizers).join(', ')}.`); // prettier-ignore
  return of === 'kernel' && found.kernel ? found.kernel(layer, x) : found.value(layer, x);
}
