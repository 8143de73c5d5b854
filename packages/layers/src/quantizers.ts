// A layer's quantizers: from any spec to an object, to JSON that survives tfjs, and applied in two parts (levels, scale).
import type * as tf from '@tensorflow/tfjs-core';
import {
  BitgradError,
  defaultRegistry,
  expressionOf,
  isSignForward,
  quantizeContext,
  quantizeLevels,
  quantizerConfig,
  scaled,
  scaleOf,
  type Latent,
  type QuantizeContext,
  type Quantizer,
  type QuantizeOptions,
  type QuantizerRole,
  type QuantizerSpec,
} from '@bitgrad/core';

/**
 * Makes a quantizer from a name, `{ name, options }`, `{ forward, surrogate }` or an object, by the default registry.
 * @throws BitgradError `unknown-name`; `incompatible` when the quantizer cannot be used in this role
 */
export function resolveQuantizer(
  spec: QuantizerSpec | null | undefined,
  role: QuantizerRole,
  option: string,
): Quantizer | null {
  if (spec === null || spec === undefined) return null;
  const quantizer = defaultRegistry().quantizer(decode(spec));
  if (!quantizer.capabilities.roles.includes(role))
    throw new BitgradError({
      code: 'incompatible',
      source: 'layers',
      what: `quantizer "${quantizer.name}" as ${option}`,
      got: role,
      expected: `role ${quantizer.capabilities.roles.join(' or ')}`,
    });
  return quantizer;
}

// Model.toJSON turns keys and strings into snake_case and loading turns them back; 'T' or 'BN' do not come back.
// Only strings under the key "name" are left alone. A config that would change is saved as text under that key.
const snake = (text: string): string => {
  const name = text
    .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
  return name.startsWith('_') ? `private${name}` : name;
};
const camel = (text: string): string =>
  text.length <= 1 || !text.includes('_')
    ? text
    : text.replace(/_+(\w|$)/g, (_, letter: string) => letter.toUpperCase());
const survives = (value: unknown): boolean => {
  if (typeof value === 'string') return camel(snake(value)) === value;
  if (Array.isArray(value)) return value.every(survives);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(
    ([key, item]) =>
      camel(snake(key)) === key && ((key === 'name' && typeof item === 'string') || survives(item)),
  );
};
const decode = (spec: QuantizerSpec): QuantizerSpec =>
  typeof spec === 'object' && 'name' in spec && spec.name.startsWith('{')
    ? (JSON.parse(spec.name) as QuantizerSpec)
    : spec;

/**
 * The JSON form of a quantizer in a layer's config; {@link resolveQuantizer} rebuilds it, also after `model.save`.
 */
export function serializeQuantizer(quantizer: Quantizer | null): tf.serialization.ConfigDict | null {
  if (quantizer === null) return null;
  const config = quantizerConfig(quantizer);
  return (survives(config)
    ? config
    : { name: JSON.stringify(config) }) as unknown as tf.serialization.ConfigDict;
}

/** A quantized tensor as `levels * scale`; without scale, the levels are the value. */
export interface QuantizedParts {
  readonly levels: tf.Tensor;
  /** Positive, broadcasts against `levels`; constant in the backward pass. */
  readonly scale?: tf.Tensor;
  /** True when `levels` holds exactly +1 and -1, so that packed kernels may be used. */
  readonly exact: boolean;
  /** What the levels are the signs of, where they are nothing else: products that take it need no levels. */
  readonly latent?: Latent;
}

/** True when F gives exactly +-1 in this state. */
const givesSigns = ({ forward }: Quantizer, hard: boolean): boolean =>
  forward.alphabet === 'pm1' &&
  (hard || !forward.soft) &&
  forward.levels.length === 2 &&
  forward.levels[0] === -1 &&
  forward.levels[1] === 1;

/** The latent tensor of quantizers that are the sign and a surrogate of x alone. */
function latentOf(quantizer: Quantizer, u: tf.Tensor, context: QuantizeContext): Latent | undefined {
  const { forward, surrogate } = quantizer;
  const more = context.training && !context.hard && quantizer.companion !== undefined;
  if (more || u.dtype !== 'float32' || !surrogate.expression || surrogate.statistics) return undefined;
  if (!isSignForward(forward, context.scalars)) return undefined;
  return { x: u, surrogate: expressionOf(surrogate, context.scalars) };
}

/**
 * The same quantization as core's `quantize`, with the scale apart, so that it can be applied after a product: exact
 * integer sums first, one rounding last, as a compiled model does. Where an `augment` changes the levels of a training
 * step, they are real numbers. The levels are computed when they are first asked for.
 */
export function quantizeParts(quantizer: Quantizer, x: tf.Tensor, options: QuantizeOptions): QuantizedParts {
  const context = quantizeContext(quantizer, options);
  const { forward } = quantizer;
  const u = forward.prepare ? forward.prepare(x, context) : x;
  const augmented = context.training && !context.hard && quantizer.augment !== undefined;
  const exact = !augmented && givesSigns(quantizer, context.hard);
  const latent = exact ? latentOf(quantizer, u, context) : undefined;
  const scale = scaleOf(forward, u, context);
  let levels: tf.Tensor | undefined;
  return {
    get levels() {
      return (levels ??= quantizeLevels(quantizer, x, u, context));
    },
    exact,
    ...(latent && { latent }),
    ...(scale && { scale }),
  };
}

/** All of a quantized tensor in another shape; a scale that is one number needs none, any other has the rank of its tensor. */
export function reshaped(parts: QuantizedParts, to: (t: tf.Tensor) => tf.Tensor): QuantizedParts {
  const { exact, latent, scale } = parts;
  return {
    get levels() {
      return to(parts.levels);
    },
    exact,
    ...(latent && { latent: { ...latent, x: to(latent.x) } }),
    ...(scale && { scale: scale.rank > 1 ? to(scale) : scale }),
  };
}

/** `levels * scale`. */
export const valueOf = ({ levels, scale }: QuantizedParts): tf.Tensor =>
  scale ? scaled(levels, scale) : levels;
